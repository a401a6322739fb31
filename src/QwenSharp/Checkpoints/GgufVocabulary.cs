using QwenSharp.Formats;
using QwenSharp.Tokenizers;

namespace QwenSharp.Checkpoints;

/// <summary>The tokenizer that a GGUF file carries in its <c>tokenizer.ggml.*</c> metadata.</summary>
internal static class GgufVocabulary
{
    /// <summary>Whether the file carries one.</summary>
    public static bool IsIn(GgufFile file) => file.Metadata.Contains("tokenizer.ggml.tokens");

    /// <exception cref="InvalidDataException">The file has no tokenizer.</exception>
    /// <exception cref="GgufException">A key is missing or of the wrong type.</exception>
    /// <exception cref="TokenizerFormatException">The tokenizer is not a Qwen one.</exception>
    public static BpeTokenizer Read(GgufFile file) => Prepare(file)();

    /// <summary>Reads the metadata now; what is returned builds the tokenizer from it, on any thread.</summary>
    /// <inheritdoc cref="Read" path="/exception"/>
    public static Func<BpeTokenizer> Prepare(GgufFile file)
    {
        if (!IsIn(file))
            throw new InvalidDataException($"{file.Path} carries no tokenizer (no 'tokenizer.ggml.tokens'); text needs one.");

        GgufMetadata metadata = file.Metadata;
        metadata.TryGetInt32Array("tokenizer.ggml.token_type", out int[]? types);
        BpeVocabulary vocabulary = BpeVocabulary.FromGguf(
            Views(metadata.GetStringArray("tokenizer.ggml.tokens")),
            Views(metadata.GetStringArray("tokenizer.ggml.merges")),
            types,
            metadata.GetString("tokenizer.ggml.model"),
            metadata.GetString("tokenizer.ggml.pre"));
        vocabulary = vocabulary with
        {
            BosId = Id(metadata, "bos"),
            EosId = Id(metadata, "eos"),
            PadId = Id(metadata, "padding"),
            AddsBos = metadata.TryGetBool("tokenizer.ggml.add_bos_token", out bool adds) && adds,
        };
        return () => BpeTokenizer.Create(vocabulary);
    }

    /// <summary>The tokens that end an answer: those the file names, and ChatML's and the base models' own where the vocabulary has them.</summary>
    public static IReadOnlyCollection<int> StopTokens(GgufFile file, BpeTokenizer tokenizer)
    {
        SortedSet<int> stops = [];
        foreach (string role in (string[])["eos", "eot", "eom"])
        {
            if (Id(file.Metadata, role) is { } id)
                stops.Add(id);
        }

        foreach (string spelling in (string[])["<|im_end|>", "<|endoftext|>"])
        {
            if (tokenizer.TryGetId(spelling, out int id) && tokenizer.IsControl(id))
                stops.Add(id);
        }

        return stops;
    }

    private static int? Id(GgufMetadata metadata, string role) =>
        metadata.TryGetInt32($"tokenizer.ggml.{role}_token_id", out int id) ? id : null;

    private static Utf8Strings Views(GgufStringArray strings) => new(strings.Count, index => strings[index].Span);
}
