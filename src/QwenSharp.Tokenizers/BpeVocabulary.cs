namespace QwenSharp.Tokenizers;

/// <summary>All that a <see cref="BpeTokenizer"/> is made of, in a form that favours no file format.</summary>
public sealed record BpeVocabulary
{
    /// <summary>
    /// The tokens by id, in GPT-2's spelling of bytes; an empty string is an id that no token has.
    /// What stands here at the id of an added token does not matter.
    /// </summary>
    public required Utf8Strings Tokens { get; init; }

    /// <summary>The merges, best first: two tokens in GPT-2's spelling with one space between.</summary>
    public required Utf8Strings Merges { get; init; }

    /// <summary>Tokens recognised by their spelling; their ids may lie beyond <see cref="Tokens"/>.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

    /// <summary>How text is cut into pieces.</summary>
    public required PreTokenizerPattern Pattern { get; init; }

    /// <summary>Whether text is brought into Unicode normalization form C first.</summary>
    public bool NormalizesToNfc { get; init; }

    /// <summary>Whether a piece that is itself a token is taken whole, even where the merges would not lead to it.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>The token that begins a sequence, where the model has one.</summary>
    public int? BosId { get; init; }

    /// <summary>The token that ends a sequence, where the model has one.</summary>
    public int? EosId { get; init; }

    /// <summary>The token that fills a batch, where the model has one.</summary>
    public int? PadId { get; init; }

    /// <summary>
    /// Whether a sequence is meant to begin with <see cref="BosId"/>. Encoding never adds it; whoever begins the sequence does.
    /// </summary>
    public bool AddsBos { get; init; }

    /// <summary>
    /// The tokens before a text that is a sequence of its own, one to embed for instance. Encoding never adds them; whoever makes the
    /// sequence does.
    /// </summary>
    public IReadOnlyList<int> SequencePrefix { get; init; } = [];

    /// <summary>The tokens behind such a text; see <see cref="SequencePrefix"/>.</summary>
    public IReadOnlyList<int> SequenceSuffix { get; init; } = [];

    /// <summary>
    /// The vocabulary of a GGUF file. GGUF has no key that asks for normalization; every Qwen model was trained on text in form C, so text
    /// is normalized here as it is for the same model's <c>tokenizer.json</c>.
    /// </summary>
    /// <param name="tokens"><c>tokenizer.ggml.tokens</c>.</param>
    /// <param name="merges"><c>tokenizer.ggml.merges</c>.</param>
    /// <param name="tokenTypes"><c>tokenizer.ggml.token_type</c>; empty where the file has none.</param>
    /// <param name="model"><c>tokenizer.ggml.model</c>; must be <c>gpt2</c>, GGUF's name for byte-level BPE.</param>
    /// <param name="preTokenizer"><c>tokenizer.ggml.pre</c>; null where the file has none.</param>
    /// <param name="usual">The pattern of the model's family, where a file does not say and the vocabulary does not show which.</param>
    /// <param name="repairs">Receives a line for each thing that was read as something else than the file says.</param>
    /// <exception cref="TokenizerFormatException">The file wants a tokenizer that is not a Qwen one, or the types do not fit the
    /// tokens.</exception>
    public static BpeVocabulary FromGguf(
        Utf8Strings tokens,
        Utf8Strings merges,
        ReadOnlySpan<int> tokenTypes,
        string model,
        string? preTokenizer,
        PreTokenizerPattern usual = PreTokenizerPattern.Qwen2,
        ICollection<string>? repairs = null)
    {
        if (model != GgufVocabulary.ByteLevel)
            throw new TokenizerFormatException($"tokenizer.ggml.model is \"{model}\"; only \"gpt2\" (byte-level BPE) is supported.");

        if (!tokenTypes.IsEmpty && tokenTypes.Length != tokens.Count)
        {
            throw new TokenizerFormatException(
                $"tokenizer.ggml.token_type has {tokenTypes.Length} entries for {tokens.Count} tokens; there must be one for each.");
        }

        IReadOnlyList<AddedToken> added = GgufAddedTokens.Read(tokens, tokenTypes, repairs);
        return new BpeVocabulary
        {
            Tokens = tokens,
            Merges = merges,
            AddedTokens = added,
            NormalizesToNfc = true,
            Pattern = GgufPreTokenizer.Read(preTokenizer, tokens, usual, repairs),
        };
    }
}
