namespace QwenSharp.Tokenizers;

/// <summary>What a <see cref="BpeTrainer"/> makes.</summary>
public sealed record BpeTrainerOptions
{
    /// <summary>
    /// How many tokens the vocabulary shall have: 256 bytes, merged tokens, and the added ones at the end. Small texts may give fewer.
    /// </summary>
    public int VocabularySize { get; init; } = 4096;

    /// <summary>A pair that occurs less often is not merged. At least 1.</summary>
    public int MinimumFrequency { get; init; } = 2;

    /// <summary>The longest token, in bytes. At least 1.</summary>
    public int LongestToken { get; init; } = 64;

    /// <summary>How text is cut into pieces; no token crosses their borders.</summary>
    public PreTokenizerPattern Pattern { get; init; } = PreTokenizerPattern.Qwen2;

    /// <summary>
    /// Whether a word is made of the same tokens wherever it stands: the space or the sign that Qwen's patterns take together with it is
    /// never merged with its letters. Texts take
    /// more tokens; but a small model that is to copy words, from a sentence into JSON for instance, need not learn that <c>" orange"</c>
    /// and <c>"orange"</c> are one.
    /// </summary>
    public bool KeepsWordsApart { get; init; }

    /// <summary>
    /// The spellings of added tokens and whether each is a control token, in the order of their ids, which follow all others.
    /// In the texts they are left out: nothing is learnt from them or across them.
    /// </summary>
    public IReadOnlyList<(string Content, bool IsControl)> AddedTokens { get; init; } = Qwen3AddedTokens;

    /// <summary>The token that ends a turn, and what fills a batch, by their spelling; an empty string for none.</summary>
    public string EosToken { get; init; } = "<|im_end|>";

    /// <inheritdoc cref="EosToken"/>
    public string PadToken { get; init; } = "<|endoftext|>";

    /// <summary>
    /// The added tokens of Qwen3 in its order. As its <c>tokenizer.json</c> has them, tokens such as <c>&lt;think&gt;</c> are none of
    /// control;
    /// those of fill-in-the-middle are, as llama.cpp takes them.
    /// </summary>
    public static IReadOnlyList<(string Content, bool IsControl)> Qwen3AddedTokens { get; } =
    [
        .. from name in (string[])
            [
                "endoftext", "im_start", "im_end", "object_ref_start", "object_ref_end", "box_start", "box_end", "quad_start", "quad_end",
                "vision_start", "vision_end", "vision_pad", "image_pad", "video_pad",
            ]
            select ($"<|{name}|>", true),
        ("<tool_call>", false),
        ("</tool_call>", false),
        .. from name in (string[])["fim_prefix", "fim_middle", "fim_suffix", "fim_pad", "repo_name", "file_sep"]
        select ($"<|{name}|>", true),
        ("<tool_response>", false),
        ("</tool_response>", false),
        ("<think>", false),
        ("</think>", false),
    ];
}
