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
        (int? bos, int? eos, int? pad) = (Id(metadata, "bos"), Id(metadata, "eos"), Id(metadata, "padding"));
        bool addsBos = metadata.TryGetBool("tokenizer.ggml.add_bos_token", out bool adds) && adds;
        bool addsEos = metadata.TryGetBool("tokenizer.ggml.add_eos_token", out adds) && adds;
        if (addsEos && eos is null)
            throw new TokenizerFormatException("The vocabulary asks for a token at the end of each text and does not say which.");

        Func<BpeVocabulary> read = IsIn(file)
            ? file is HuggingFaceCheckpoint folder
                ? () => ReadFolder(folder)
                : FromGguf(metadata)
            : throw new InvalidDataException(
                $"{file.Path} carries no tokenizer (no "
                    + (file is HuggingFaceCheckpoint ? "tokenizer.json, qwen.tiktoken or vocab.json" : "'tokenizer.ggml.tokens'")
                    + "); text needs one.");
        return () =>
        {
            BpeVocabulary vocabulary = read();
            return vocabulary with
            {
                BosId = bos,
                EosId = eos,
                PadId = pad,
                AddsBos = addsBos,
                SequencePrefix = addsBos && bos is { } begin ? [begin] : vocabulary.SequencePrefix,
                SequenceSuffix = addsEos ? [eos!.Value] : vocabulary.SequenceSuffix,
            };
        };
    }

    /// <summary>
    /// The tokens that end an answer: those the model names, and ChatML's and the base models' own where the vocabulary has them.
    /// </summary>
    public static IReadOnlyCollection<int> StopTokens(GgufMetadata metadata, BpeTokenizer tokenizer)
    {
        SortedSet<int> stops = [];
        foreach (string role in (string[])["eos", "eot", "eom"])
        {
            if (Id(metadata, role) is { } id)
                stops.Add(id);
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
        int model = folder.Metadata.GetInt32($"{folder.Metadata.GetString("general.architecture")}.vocab_size"),
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

    private static Func<BpeVocabulary> FromGguf(GgufMetadata metadata)
    {
        metadata.TryGetInt32Array("tokenizer.ggml.token_type", out int[]? types);
        BpeVocabulary vocabulary = BpeVocabulary.FromGguf(
            Views(metadata.GetStringArray("tokenizer.ggml.tokens")),
            Views(metadata.GetStringArray("tokenizer.ggml.merges")),
            types,
            metadata.GetString("tokenizer.ggml.model"),
            metadata.GetString("tokenizer.ggml.pre"));
        return () => vocabulary;
    }

    private static int? Id(GgufMetadata metadata, string role) =>
        metadata.TryGetInt32($"tokenizer.ggml.{role}_token_id", out int id) ? id : null;

    private static Utf8Strings Views(GgufStringArray strings) => new(strings.Count, index => strings[index].Span);
}
