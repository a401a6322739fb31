using QwenSharp.Faults;
using QwenSharp.Tokenizers;

namespace QwenSharp;

/// <summary>A model's token ids for texts, and the texts of its token ids.</summary>
/// <param name="model">The model; it stays the caller's to dispose.</param>
public sealed class PromptCodec(QwenModel model)
{
    private static readonly (string Name, string Token)[] Infill =
        [("the beginning", "<|fim_prefix|>"), ("the end", "<|fim_suffix|>"), ("what is between", "<|fim_middle|>")];

    /// <summary>How many ids the vocabulary has.</summary>
    public int VocabularySize => model.Tokenizer.VocabularySize;

    /// <summary>The token ids of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="beginsSequence">Whether it gets the token that begins every sequence, where the model has one.</param>
    /// <param name="parsesControl">Whether control tokens in it are parsed, or are text like any other.</param>
    public int[] Encode(string text, bool beginsSequence = true, bool parsesControl = true)
    {
        List<int> ids = [];
        model.Tokenizer.Encode(text, ids, parsesControl ? TokenParsing.All : TokenParsing.Added);
        if (beginsSequence)
            model.Tokenizer.Begin(ids);

        return [.. ids];
    }

    /// <summary>
    /// The prompt that asks for what is between two texts, in the form of Qwen2.5-Coder (Hui et al., 2024, arXiv 2409.12186): the
    /// prefix, the suffix, and then the middle. Control tokens in both are text.
    /// </summary>
    /// <param name="prefix">What stands before.</param>
    /// <param name="suffix">What stands behind.</param>
    /// <param name="preamble">What goes before all: other files of the repository, with control tokens that are parsed; null for
    /// nothing.</param>
    /// <exception cref="OptionNotSupportedException">The vocabulary has no tokens for it; the option is <c>Suffix</c>.</exception>
    public int[] EncodeInfill(string prefix, string suffix, string? preamble = null)
    {
        int[] marks = [.. Infill.Select(mark => model.Tokenizer.TryGetId(mark.Token, out int id) ? id : throw NoInfill(mark.Token))];
        List<int> ids =
        [
            .. Encode(preamble ?? "", beginsSequence: false),
            marks[0],
            .. model.Tokenizer.Encode(prefix, TokenParsing.None),
            marks[1],
            .. model.Tokenizer.Encode(suffix, TokenParsing.None),
            marks[2],
        ];
        model.Tokenizer.Begin(ids);
        return [.. ids];
    }

    /// <summary>The bytes of a token, which may be part of a character; none for an id that no token has.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not below <see cref="VocabularySize"/>.</exception>
    public ReadOnlyMemory<byte> BytesOf(int id) => model.Tokenizer.GetBytes(id).ToArray();

    private OptionNotSupportedException NoInfill(string token) => new(
        "Suffix",
        $"cannot be honoured by {model.Id}: its vocabulary has no {token}. Qwen's Coder models were trained to fill in.");
}
