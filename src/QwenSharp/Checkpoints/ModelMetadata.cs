using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tokenizers;

namespace QwenSharp.Checkpoints;

/// <summary>The metadata of a GGUF file that is written: the model's own, and what the new file is.</summary>
internal static class ModelMetadata
{
    private const string TypeKey = "general.type", FileTypeKey = "general.file_type", VersionKey = "general.quantization_version";

    /// <exception cref="InvalidDataException">A folder has no tokenizer, or GGUF has no key for how the model scales its
    /// positions.</exception>
    /// <exception cref="TokenizerFormatException">The tokenizer is not a Qwen one.</exception>
    /// <exception cref="HuggingFaceException">A folder's settings for generating text are malformed.</exception>
    public static void Write(Checkpoint model, ModelConfig config, GgufWriter writer, ModelWriterOptions options, TensorType bulk)
    {
        // Keys of our own would be read by nobody else, and another engine would turn the wrong angles without a word.
        if (config.RopeScaling is DynamicRopeScaling or YarnRopeScaling { Truncates: false })
        {
            throw new InvalidDataException(
                $"{model.Path}: GGUF has no key for this model's rope_scaling (dynamic, or yarn with \"truncate\": false); it runs from "
                    + "where it is."
            );
        }

        model.RequireGenerationSettings();
        BpeVocabulary? vocabulary = model is HuggingFaceCheckpoint folder ? ReadVocabulary(folder) : null;
        OrderedDictionary<string, GgufValue> keys = new(
            model.Metadata.Where(entry => entry.Key is not (TypeKey or FileTypeKey or VersionKey)));
        if (vocabulary is not null)
            AddSequenceTokens(keys, vocabulary, model.Path);

        CountBlocks(keys, config);

        foreach ((string key, GgufValue value) in keys)
            writer.Add(key, value);

        writer.Add(TypeKey, "model");
        writer.Add(VersionKey, 2u);
        if (options.Mix is null && model.Metadata.TryGetValue(FileTypeKey, out GgufValue? same))
            writer.Add(FileTypeKey, same);
        else if ((options.Mix ?? WeightMix.All.FirstOrDefault(mix => mix.Bulk == bulk)) is { } mix)
            writer.Add(FileTypeKey, (uint)mix.FileType);
        if (options.Importance is { } importance)
            WriteImportance(importance, writer);
        if (vocabulary is not null)
            WriteVocabulary(GgufVocabulary.From(vocabulary, config.VocabularySize), writer);
    }

    /// <summary>
    /// The blocks that are written: a model may say that it has more, to draft the token after next, and other engines take its word for
    /// it.
    /// </summary>
    private static void CountBlocks(OrderedDictionary<string, GgufValue> keys, ModelConfig config)
    {
        string prefix = config.Architecture + ".";
        int blocks = config.Layers + config.NextTokenLayers;
        keys[prefix + "block_count"] = (uint)blocks;
        if (config.NextTokenLayers > 0)
            keys[prefix + "nextn_predict_layers"] = (uint)config.NextTokenLayers;
        else
            keys.Remove(prefix + "nextn_predict_layers");

        if (config.Recurrent is { } recurrent && keys.ContainsKey(prefix + "attention.recurrent_layers"))
        {
            keys[prefix + "attention.recurrent_layers"] = GgufValue.ArrayOf<bool>(
                [.. Enumerable.Range(0, blocks).Select(layer => layer < config.Layers && recurrent.Contains(layer))]);
        }
    }

    private static void WriteImportance(ImportanceMatrix importance, GgufWriter writer)
    {
        const string prefix = "quantize.imatrix.";
        if (importance.Datasets.Count > 0)
            writer.Add(prefix + "dataset", importance.Datasets[0]);

        writer.Add(prefix + "entries_count", (uint)importance.Names.Count);
        writer.Add(prefix + "chunks_count", (uint)importance.ChunkCount);
    }

    private static BpeVocabulary ReadVocabulary(HuggingFaceCheckpoint folder) =>
        CheckpointVocabulary.IsIn(folder)
            ? CheckpointVocabulary.ReadFolder(folder)
            : throw new InvalidDataException(
                $"{folder.Path} carries no tokenizer (no tokenizer.json, qwen.tiktoken or vocab.json); a GGUF file needs one.");

    /// <summary>
    /// The tokens around a text of its own. GGUF has a flag for each side, which means the tokens that begin and end a sequence: what ended
    /// an answer until then keeps doing so under GGUF's other names for that.
    /// </summary>
    private static void AddSequenceTokens(OrderedDictionary<string, GgufValue> keys, BpeVocabulary vocabulary, string path)
    {
        const string prefix = "tokenizer.ggml.", suffix = "_token_id";
        if (vocabulary.SequencePrefix.Count > 1 || vocabulary.SequenceSuffix.Count > 1)
        {
            throw new InvalidDataException(
                $"{path}: the post_processor of tokenizer.json puts several tokens on one side of a text; GGUF has keys for one on each.");
        }

        if (vocabulary.SequencePrefix is [var begin])
        {
            keys[$"{prefix}bos{suffix}"] = (uint)begin;
            keys[$"{prefix}add_bos_token"] = true;
        }

        if (vocabulary.SequenceSuffix is not [var end])
            return;

        string[] roles = ["eos", "eot", "eom"];
        List<uint> ends = [(uint)end];
        foreach (string role in roles)
        {
            if (keys.Remove($"{prefix}{role}{suffix}", out GgufValue? value) && value.TryGetInteger(out int id) && id != end)
                ends.Add((uint)id);
        }

        if (ends.Count > roles.Length)
            throw new InvalidDataException($"{path}: {ends.Count} tokens end a sequence; GGUF has keys for {roles.Length}.");

        for (int i = 0; i < ends.Count; i++)
            keys[$"{prefix}{roles[i]}{suffix}"] = ends[i];

        keys[$"{prefix}add_eos_token"] = true;
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
