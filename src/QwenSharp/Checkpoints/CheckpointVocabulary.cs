using System.Globalization;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Tokenizers;

namespace QwenSharp.Checkpoints;

/// <summary>
/// The tokenizer of a model: a GGUF file carries it in its <c>tokenizer.ggml.*</c> metadata, a Hugging Face folder in
/// <c>tokenizer.json</c>, in <c>qwen.tiktoken</c> (the first generation's), or in <c>vocab.json</c> and <c>merges.txt</c>.
/// </summary>
internal static class CheckpointVocabulary
{
    private const string EmbeddingName = "token_embd.weight";

    /// <summary>Whether there is one.</summary>
    public static bool IsIn(Checkpoint file) =>
        file is HuggingFaceCheckpoint folder ? File.Exists(folder.TokenizerPath) : file.Metadata.Contains("tokenizer.ggml.tokens");

    /// <exception cref="InvalidDataException">There is no tokenizer.</exception>
    /// <exception cref="GgufException">A key is missing or of the wrong type.</exception>
    /// <exception cref="TokenizerFormatException">The tokenizer is not a Qwen one.</exception>
    public static BpeTokenizer Read(Checkpoint file) => Prepare(file)();

    /// <summary>Reads a vocabulary that stands in a file of its own; its name says in which form.</summary>
    /// <exception cref="TokenizerFormatException">It is not the vocabulary of a Qwen tokenizer.</exception>
    public static BpeVocabulary ReadFile(string path)
    {
        byte[] utf8 = File.ReadAllBytes(path);
        if (Path.GetFileName(path) == "vocab.json")
        {
            string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            return Gpt2Vocabulary.Read(utf8, File.ReadAllBytes(Path.Combine(folder, "merges.txt")), AddedTokens(folder));
        }

        return path.EndsWith(".tiktoken", StringComparison.Ordinal) ? TiktokenVocabulary.Read(utf8) : TokenizerJson.Read(utf8);
    }

    /// <summary>Reads the metadata now; what is returned builds the tokenizer from it, on any thread.</summary>
    /// <inheritdoc cref="Read" path="/exception"/>
    public static Func<BpeTokenizer> Prepare(Checkpoint file)
    {
        Func<BpeVocabulary> read = PrepareVocabulary(file);
        return () => BpeTokenizer.Create(read());
    }

    /// <summary>Reads the metadata now; what is returned reads the rest, on any thread and while the file is open.</summary>
    /// <inheritdoc cref="Read" path="/exception"/>
    public static Func<BpeVocabulary> PrepareVocabulary(Checkpoint file)
    {
        GgufMetadata metadata = file.Metadata;
        (long? bos, long? eos, long? pad) = (Id(metadata, "bos"), Id(metadata, "eos"), Id(metadata, "padding"));
        bool addsBos = metadata.TryGetBool("tokenizer.ggml.add_bos_token", out bool adds) && adds;
        bool addsEos = metadata.TryGetBool("tokenizer.ggml.add_eos_token", out adds) && adds;
        if (addsEos && eos is null)
            throw new TokenizerFormatException("The vocabulary asks for a token at the end of each text and does not say which.");

        Func<BpeVocabulary> read = IsIn(file)
            ? file is HuggingFaceCheckpoint folder
                ? () => ReadFolder(folder)
                : FromGguf(file)
            : throw new InvalidDataException(
                $"{file.Path} carries no tokenizer (no "
                    + (file is HuggingFaceCheckpoint ? "tokenizer.json, qwen.tiktoken or vocab.json" : "'tokenizer.ggml.tokens'")
                    + "); text needs one.");
        int? rows = file.Tensors.FirstOrDefault(tensor => tensor.Name == EmbeddingName)?.Rows;
        return () =>
        {
            BpeVocabulary vocabulary = WithinEmbedding(file, read(), rows);
            int count = vocabulary.AddedTokens.Select(token => token.Id + 1).Append(vocabulary.Tokens.Count).Max();
            int? Within(long? id, string role)
            {
                if (id is not { } some || (some >= 0 && some < count))
                    return (int?)id;

                file.AddRepair($"The token {id}, which the file has for {role}, is none of the vocabulary's {count}: left out.");
                return null;
            }

            int? begin = Within(bos, "the start of a sequence"), end = Within(eos, "the end of an answer");
            if (addsEos && end is null)
                throw new TokenizerFormatException("The vocabulary asks for a token at the end of each text, and it has no such token.");

            return vocabulary with
            {
                BosId = begin,
                EosId = end,
                PadId = Within(pad, "filling a batch"),
                AddsBos = addsBos,
                SequencePrefix = addsBos && begin is { } first ? [first] : vocabulary.SequencePrefix,
                SequenceSuffix = addsEos ? [end!.Value] : vocabulary.SequenceSuffix,
            };
        };
    }

    /// <summary>
    /// Without the added tokens for which the model has no embedding: whoever added them to the tokenizer did not make the model larger,
    /// and never trained it on them.
    /// </summary>
    private static BpeVocabulary WithinEmbedding(Checkpoint file, BpeVocabulary vocabulary, int? rows)
    {
        AddedToken[] beyond = [.. vocabulary.AddedTokens.Where(token => token.Id >= rows)];
        if (beyond.Length == 0)
            return vocabulary;

        file.AddRepair(
            $"{beyond.Length} added tokens of the tokenizer, from '{beyond[0].Content}' on, have no row among the {rows} of the embedding "
                + "table: left out, their spelling is plain text.");
        return vocabulary with { AddedTokens = [.. vocabulary.AddedTokens.Except(beyond)] };
    }

    /// <summary>
    /// The tokens that end an answer: those the model names, and ChatML's and the base models' own where the vocabulary has them.
    /// </summary>
    public static IReadOnlyCollection<int> StopTokens(GgufMetadata metadata, BpeTokenizer tokenizer)
    {
        SortedSet<int> stops = [];
        foreach (string role in (string[])["eos", "eot", "eom"])
        {
            if (Id(metadata, role) is { } id && id >= 0 && id < tokenizer.VocabularySize)
                stops.Add((int)id);
        }

        foreach (string spelling in (string[])["<|im_end|>", "<|endoftext|>"])
        {
            if (tokenizer.TryGetId(spelling, out int id) && tokenizer.IsControl(id))
                stops.Add(id);
        }

        return stops;
    }

    /// <summary>
    /// Reads a folder's vocabulary. The control tokens of a tiktoken file have the ids behind its last line, and so wrong ones where the
    /// file was cut: it must fit the
    /// model's own vocabulary, which is a little larger to fill a multiple.
    /// </summary>
    /// <inheritdoc cref="ReadFile" path="/exception"/>
    public static BpeVocabulary ReadFolder(HuggingFaceCheckpoint folder)
    {
        const int mostFilling = 256;
        BpeVocabulary vocabulary = ReadFile(folder.TokenizerPath);
        int model = folder.Tensors.FirstOrDefault(tensor => tensor.Name == EmbeddingName)?.Rows ?? 0,
            all = vocabulary.Tokens.Count + vocabulary.AddedTokens.Count;
        return !folder.TokenizerPath.EndsWith(".tiktoken", StringComparison.Ordinal) || (all <= model && model - all < mostFilling)
            ? vocabulary
            : throw new TokenizerFormatException(
                $"{folder.TokenizerPath} has {all} tokens with its control tokens, and the model {model}: the file is not whole, or "
                    + "another model's."
            );
    }

    /// <summary>
    /// The tokens beside <c>vocab.json</c>: described in <c>tokenizer_config.json</c>, or in older folders named in
    /// <c>added_tokens.json</c>, where the spelling tells which steer the model.
    /// </summary>
    private static AddedToken[] AddedTokens(string folder)
    {
        if (
            HuggingFaceJson.ReadIfPresent(Path.Combine(folder, "tokenizer_config.json")) is { } settings
            && settings.TryGetObject("added_tokens_decoder", out HuggingFaceJson? described))
        {
            return
            [
                .. described
                    .Names.Select(id => (Id: id, Token: described.GetObject(id)))
                    .Select(entry => new AddedToken(
                        int.TryParse(entry.Id, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                            ? id
                            : throw described.Fault(entry.Id, "is no token id"),
                        entry.Token.GetString("content"),
                        Flag(entry.Token, "special"))
                    {
                        SingleWord = Flag(entry.Token, "single_word"),
                        StripsLeft = Flag(entry.Token, "lstrip"),
                        StripsRight = Flag(entry.Token, "rstrip"),
                        IsNormalized = Flag(entry.Token, "normalized"),
                    }),
            ];
        }

        return HuggingFaceJson.ReadIfPresent(Path.Combine(folder, "added_tokens.json")) is { } named
            ?
            [
                .. named.Names.Select(content => new AddedToken(
                    named.GetInt32(content),
                    content,
                    IsControl: content.StartsWith("<|", StringComparison.Ordinal))),
            ]
            : [];

        static bool Flag(HuggingFaceJson token, string name) => token.TryGetBool(name, out bool value) && value;
    }

    private static Func<BpeVocabulary> FromGguf(Checkpoint file)
    {
        GgufMetadata metadata = file.Metadata;
        metadata.TryGetInt32Array("tokenizer.ggml.token_type", out int[]? types);
        metadata.TryGetString("tokenizer.ggml.pre", out string? pre);
        bool isQwen35 =
            metadata.TryGetString("general.architecture", out string? architecture)
            && architecture.StartsWith("qwen35", StringComparison.Ordinal);
        List<string> repairs = [];
        BpeVocabulary vocabulary = BpeVocabulary.FromGguf(
            Views(metadata.GetStringArray("tokenizer.ggml.tokens")),
            Views(metadata.GetStringArray("tokenizer.ggml.merges")),
            types,
            metadata.GetString("tokenizer.ggml.model"),
            pre,
            isQwen35 ? PreTokenizerPattern.Qwen35 : PreTokenizerPattern.Qwen2,
            repairs);
        foreach (string repair in repairs)
            file.AddRepair(repair);

        return () => vocabulary;
    }

    /// <summary>The id of a token; null where the file has none, or says so by −1 in 32 bits, signed or not.</summary>
    private static long? Id(GgufMetadata metadata, string role) =>
        metadata.TryGetInt64($"tokenizer.ggml.{role}_token_id", out long id) && id is not (-1 or uint.MaxValue) ? id : null;

    private static Utf8Strings Views(GgufStringArray strings) => new(strings.Count, index => strings[index].Span);
}
