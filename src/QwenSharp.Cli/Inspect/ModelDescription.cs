using QwenSharp.Cli.Options;
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
internal sealed record ModelDescription(
    CheckpointSummary Summary,
    ModelConfig? Config,
    string? WhyNoConfig,
    MemoryNeed? Memory,
    string? Template,
    IReadOnlyList<string> Notes)
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
            MemoryNeed memory = MemoryNeed.OfEngine(config, file.Tensors, context, kvType);
            return new ModelDescription(summary, config, null, memory, template, file.Notes);
        }
        catch (Exception unsuitable) when (unsuitable is ModelLoadException or GgufException)
        {
            return new ModelDescription(summary, null, unsuitable.Message, null, template, file.Notes);
        }
    }

    /// <summary>What a model of a published shape would be.</summary>
    /// <param name="shape">The name of a shape.</param>
    /// <param name="type">The name of its mix of weight types.</param>
    /// <param name="context">The context to plan for, in tokens; 0 for the model's own.</param>
    /// <param name="kvType">F16 or F32.</param>
    /// <exception cref="UsageException">There is no such shape or mix.</exception>
    public static ModelDescription OfShape(string shape, string type, int context, TensorType kvType)
    {
        (ModelConfig config, WeightMix mix) = ShapeArguments.Find(shape, type);
        IReadOnlyList<Tensor> tensors = DescribedWeights.Of(config, mix);
        CheckpointSummary summary = CheckpointSummary.Of($"a shape in {mix.Name}, not a file", config.Architecture, shape, tensors);
        return new ModelDescription(summary, config, null, MemoryNeed.OfEngine(config, tensors, context, kvType), null, []);
    }
}
