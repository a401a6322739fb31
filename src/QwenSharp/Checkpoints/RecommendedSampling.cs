using QwenSharp.Engine;
using QwenSharp.Formats;

namespace QwenSharp.Checkpoints;

/// <summary>
/// What a request leaves open is drawn as the checkpoint's makers recommend: the file's own <c>general.sampling.*</c> keys,
/// and for the rest what Qwen publishes for all its chat models, temperature 0.6 and top-p 0.95 with reasoning, 0.7 and 0.8
/// without, top-k 20 (https://huggingface.co/Qwen/Qwen3-4B#best-practices). The repetition penalty stays 1 unless the file
/// says otherwise, so that temperature 0 is the model's own choice.
/// </summary>
internal static class RecommendedSampling
{
    private const string Prefix = "general.sampling.";

    /// <param name="metadata">The checkpoint's.</param>
    /// <param name="reasons">Whether the answer begins with reasoning.</param>
    public static SamplingOptions Of(GgufMetadata metadata, bool reasons)
    {
        SamplingOptions published = reasons
            ? new SamplingOptions { Temperature = 0.6f, TopP = 0.95f, TopK = 20 }
            : new SamplingOptions { Temperature = 0.7f, TopP = 0.8f, TopK = 20 };
        return published with
        {
            Temperature = Float(metadata, "temp") ?? published.Temperature,
            TopK = metadata.TryGetInt32(Prefix + "top_k", out int k) ? k : published.TopK,
            TopP = Float(metadata, "top_p") ?? published.TopP,
            MinP = Float(metadata, "min_p") ?? published.MinP,
            RepetitionPenalty = Float(metadata, "penalty_repeat") ?? published.RepetitionPenalty,
            RepetitionWindow =
                metadata.TryGetInt32(Prefix + "penalty_last_n", out int window) && window > 0 ? window : published.RepetitionWindow,
        };
    }

    private static float? Float(GgufMetadata metadata, string name) => metadata.TryGetFloat(Prefix + name, out float value) ? value : null;
}
