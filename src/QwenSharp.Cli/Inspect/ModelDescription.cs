using QwenSharp.Cli.Options;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tokenizers;

namespace QwenSharp.Cli.Inspect;

/// <summary>What <c>inspect</c> shows of a model.</summary>
/// <param name="Summary">The files.</param>
/// <param name="Config">The model's lengths and constants; null where this build cannot run the file.</param>
/// <param name="WhyNoConfig">Why not.</param>
/// <param name="Memory">What running it takes; null without <paramref name="Config"/>.</param>
/// <param name="Template">The chat template, or null.</param>
/// <param name="Notes">What was read as something else than the files say, decoded, copied or left out.</param>
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
    /// <param name="kvType">How keys and values are kept.</param>
    public static ModelDescription Of(Checkpoint file, int context, TensorType kvType)
    {
        CheckpointSummary summary = CheckpointSummary.Of(file);
        string? template = null;
        if (file.Metadata.TryGetValue(TemplateKey, out GgufValue? stored))
            stored.TryGetString(out template);

        ModelConfig? config = null;
        MemoryNeed? memory = null;
        string? why = null;
        try
        {
            config = LanguageModel.Load(file).Config;
            memory = MemoryNeed.OfEngine(config, file.Tensors, context, kvType);
        }
        catch (Exception unsuitable) when (unsuitable is ModelLoadException or GgufException)
        {
            why = unsuitable.Message;
        }

        string[] faults = [.. TextFaults(file)];
        return new ModelDescription(summary, config, why, memory, template, [.. file.Repairs, .. file.Notes, .. faults]);
    }

    /// <summary>What keeps a model that can compute from reading and writing text.</summary>
    private static IEnumerable<string> TextFaults(Checkpoint file)
    {
        foreach (Action read in (Action[])[() => QwenTokenizer.Of(file), file.RequireGenerationSettings])
        {
            string? fault = null;
            try
            {
                read();
            }
            catch (InvalidDataException)
            {
                // There is no tokenizer, which is no fault of a file that is only computed with.
            }
            catch (Exception wrong) when (wrong is GgufException or TokenizerFormatException)
            {
                fault = $"The model cannot generate text until this is mended: {wrong.Message}";
            }
            catch (HuggingFaceException)
            {
                // A note of the folder says so.
            }

            if (fault is not null)
                yield return fault;
        }
    }

    /// <summary>What a model of a published shape would be.</summary>
    /// <param name="shape">The name of a shape.</param>
    /// <param name="type">The name of its mix of weight types.</param>
    /// <param name="context">The context to plan for, in tokens; 0 for the model's own.</param>
    /// <param name="kvType">How keys and values are kept.</param>
    /// <exception cref="UsageException">There is no such shape or mix.</exception>
    public static ModelDescription OfShape(string shape, string type, int context, TensorType kvType)
    {
        (ModelConfig config, WeightMix mix) = ShapeArguments.Find(shape, type);
        IReadOnlyList<Tensor> tensors = DescribedWeights.Of(config, mix);
        CheckpointSummary summary = CheckpointSummary.Of($"a shape in {mix.Name}, not a file", config.Architecture, shape, tensors);
        return new ModelDescription(summary, config, null, MemoryNeed.OfEngine(config, tensors, context, kvType), null, []);
    }
}
