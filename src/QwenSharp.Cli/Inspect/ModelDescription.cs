using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Cli.Inspect;

/// <summary>What <c>inspect</c> shows of a model.</summary>
/// <param name="Summary">The files.</param>
/// <param name="Config">The model's lengths and constants; null where this build cannot run the file.</param>
/// <param name="WhyNoConfig">Why not.</param>
/// <param name="Memory">What running it takes; null without <paramref name="Config"/>.</param>
/// <param name="Template">The chat template, or null.</param>
/// <param name="Notes">What had to be decoded, copied or left out.</param>
internal sealed record ModelDescription(CheckpointSummary Summary, ModelConfig? Config, string? WhyNoConfig, MemoryNeed? Memory, string? Template, IReadOnlyList<string> Notes)
{
    /// <summary>The key of the chat template.</summary>
    public const string TemplateKey = "tokenizer.chat_template";

    /// <param name="file">The file.</param>
    /// <param name="context">The context to plan for, in tokens; 0 for the model's own.</param>
    /// <param name="kvType">F16 or F32.</param>
    public static ModelDescription Of(Checkpoint file, int context, TensorType kvType)
    {
        CheckpointSummary summary = CheckpointSummary.Of(file);
        file.Metadata.TryGetString(TemplateKey, out string? template);
        try
        {
            ModelConfig config = LanguageModel.Load(file).Config;
            MemoryNeed memory = MemoryNeed.Of(config, summary.Types.Sum(type => type.Bytes), context, kvType);
            return new ModelDescription(summary, config, null, memory, template, file.Notes);
        }
        catch (Exception unsuitable) when (unsuitable is ModelLoadException or GgufException)
        {
            return new ModelDescription(summary, null, unsuitable.Message, null, template, file.Notes);
        }
    }
}

/// <summary>Memory that a model needs while it runs one sequence.</summary>
/// <param name="Context">Positions of the sequence.</param>
/// <param name="KvType">How keys and values are kept.</param>
/// <param name="WeightBytes">The weights, mapped from the file.</param>
/// <param name="KvBytes">Keys and values of the whole context.</param>
/// <param name="StateBytes">Recurrent states, whatever the context.</param>
internal sealed record MemoryNeed(int Context, TensorType KvType, long WeightBytes, long KvBytes, long StateBytes)
{
    /// <summary>Weights, KV cache and states; the engine's scratch memory comes on top.</summary>
    public long TotalBytes => WeightBytes + KvBytes + StateBytes;

    public static MemoryNeed Of(ModelConfig config, long weightBytes, int context, TensorType kvType)
    {
        int positions = context == 0 ? config.ContextLength : context;
        return new MemoryNeed(positions, kvType, weightBytes, positions * config.KvBytesPerToken(kvType), config.StateBytesPerSequence);
    }
}
