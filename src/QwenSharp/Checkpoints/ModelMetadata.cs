using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tokenizers;

namespace QwenSharp.Checkpoints;

/// <summary>The metadata of a GGUF file that is written: the model's own, and what the new file is.</summary>
internal static class ModelMetadata
{
    private const string TypeKey = "general.type", FileTypeKey = "general.file_type", VersionKey = "general.quantization_version";

    /// <exception cref="InvalidDataException">A folder has no tokenizer, or GGUF has no key for how the model scales its positions.</exception>
    /// <exception cref="TokenizerFormatException">The tokenizer is not a Qwen one.</exception>
    public static void Write(Checkpoint model, ModelConfig config, GgufWriter writer, ModelWriterOptions options, TensorType bulk)
    {
        // Keys of our own would be read by nobody else, and another engine would turn the wrong angles without a word.
        if (config.RopeScaling is DynamicRopeScaling or YarnRopeScaling { Truncates: false })
            throw new InvalidDataException($"{model.Path}: GGUF has no key for this model's rope_scaling (dynamic, or yarn with \"truncate\": false); it runs from where it is.");

        foreach ((string key, GgufValue value) in model.Metadata.Where(entry => entry.Key is not (TypeKey or FileTypeKey or VersionKey)))
            writer.Add(key, value);

        writer.Add(TypeKey, "model");
        writer.Add(VersionKey, 2u);
        if (options.Mix is null && model.Metadata.TryGetValue(FileTypeKey, out GgufValue? same))
            writer.Add(FileTypeKey, same);
        else if ((options.Mix ?? WeightMix.All.FirstOrDefault(mix => mix.Bulk == bulk)) is { } mix)
            writer.Add(FileTypeKey, (uint)mix.FileType);
        if (options.Importance is { } importance)
            WriteImportance(importance, writer);
        if (model is HuggingFaceCheckpoint folder)
            WriteVocabulary(folder, config, writer);
    }

    private static void WriteImportance(ImportanceMatrix importance, GgufWriter writer)
    {
        const string prefix = "quantize.imatrix.";
        if (importance.Datasets.Count > 0)
            writer.Add(prefix + "dataset", importance.Datasets[0]);

        writer.Add(prefix + "entries_count", (uint)importance.Names.Count);
        writer.Add(prefix + "chunks_count", (uint)importance.ChunkCount);
    }

    private static void WriteVocabulary(HuggingFaceCheckpoint folder, ModelConfig config, GgufWriter writer)
    {
        if (!CheckpointVocabulary.IsIn(folder))
            throw new InvalidDataException($"{folder.Path} carries no tokenizer (no tokenizer.json); a GGUF file needs one.");

        WriteVocabulary(GgufVocabulary.From(TokenizerJson.Read(File.ReadAllBytes(folder.TokenizerPath)), config.VocabularySize), writer);
    }

    private static void WriteVocabulary(GgufVocabulary vocabulary, GgufWriter writer)
    {
        writer.Add("tokenizer.ggml.model", vocabulary.Model);
        writer.Add("tokenizer.ggml.pre", vocabulary.PreTokenizer);
        writer.Add("tokenizer.ggml.tokens", GgufValue.ArrayOf(vocabulary.Tokens));
        writer.Add("tokenizer.ggml.token_type", GgufValue.ArrayOf<int>(vocabulary.TokenTypes));
        writer.Add("tokenizer.ggml.merges", GgufValue.ArrayOf(vocabulary.Merges));
    }
}
