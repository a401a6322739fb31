namespace QwenSharp.Models;

/// <summary>
/// The first generation (Qwen Team, 2023): queries, keys and values come out of one matrix with a bias, every head has keys and values of its own.
/// Its dynamic NTK scaling and log-n attention are off, as in the published checkpoints' default and in llama.cpp.
/// </summary>
internal static class Qwen1
{
    public static Family Family { get; } = new("qwen", Qwen2.ReadLayer) { HasFusedQkv = true, CountsGateAndUpTogether = true };
}
