namespace QwenSharp.Models;

/// <summary>
/// The first generation (Qwen Team, 2023): queries, keys and values come out of one matrix with a bias, every head has keys and values of
/// its own.
/// Its dynamic NTK scaling and log-n attention, for contexts beyond those that it was trained on, are off, as in llama.cpp.
/// </summary>
internal static class Qwen1
{
    public static Family Family { get; } =
        new("qwen", Qwen2.ReadLayer)
        {
            HasQkvBias = true,
            HasFusedQkv = true,
            CountsGateAndUpTogether = true,
        };
}
