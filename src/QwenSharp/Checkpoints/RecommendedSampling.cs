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
    /// <param name="metadata">The checkpoint's.</param>
    /// <param name="reasons">Whether the answer begins with reasoning.</param>
    /// <exception cref="GgufException">A setting has a number that it may not have.</exception>
    public static SamplingOptions Of(GgufMetadata metadata, bool reasons)
    {
        double? Value(SamplingSetting setting) => setting.TryGet(metadata, out SamplingReading reading) ? reading.Value : null;

        SamplingOptions published = reasons
            ? new SamplingOptions { Temperature = 0.6f, TopP = 0.95f, TopK = 20 }
            : new SamplingOptions { Temperature = 0.7f, TopP = 0.8f, TopK = 20 };
        double? window = Value(SamplingSetting.RepetitionWindow);
        return published with
        {
            Temperature = (float?)Value(SamplingSetting.Temperature) ?? published.Temperature,
            TopK = (int?)Value(SamplingSetting.TopK) ?? published.TopK,
            TopP = (float?)Value(SamplingSetting.TopP) ?? published.TopP,
            MinP = (float?)Value(SamplingSetting.MinP) ?? published.MinP,
            RepetitionPenalty = window == 0 ? 1 : (float?)Value(SamplingSetting.RepetitionPenalty) ?? published.RepetitionPenalty,
            RepetitionWindow = window > 0 ? (int)window : published.RepetitionWindow,
        };
    }
}
