namespace QwenSharp.Tokenizers;

/// <summary>
/// A token found in the text by its spelling, before any byte pair is merged (an entry of <c>added_tokens</c> in Hugging Face's
/// <c>tokenizer.json</c>, or a control or user-defined token of a GGUF file).
/// </summary>
/// <param name="Id">Token id.</param>
/// <param name="Content">Spelling in the text; not empty.</param>
/// <param name="IsControl">
/// True for a token that steers the model, such as <c>&lt;|im_start|&gt;</c> ("special" in Hugging Face's files, "control" in GGUF):
/// text from outside must not be able to forge it. False for one that anybody may write, such as <c>&lt;think&gt;</c>.
/// </param>
public sealed record AddedToken(int Id, string Content, bool IsControl)
{
    /// <summary>Found only where no word character (\w) touches it.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Swallows the white space before it.</summary>
    public bool StripsLeft { get; init; }

    /// <summary>Swallows the white space after it.</summary>
    public bool StripsRight { get; init; }

    /// <summary>Looked for in the normalized text, after all tokens that are not. Not allowed for control tokens.</summary>
    public bool IsNormalized { get; init; }
}
