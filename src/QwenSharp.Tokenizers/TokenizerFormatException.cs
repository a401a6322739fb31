namespace QwenSharp.Tokenizers;

/// <summary>A vocabulary or tokenizer file that cannot be used as it is; the message names the fault.</summary>
public sealed class TokenizerFormatException : FormatException
{
    /// <summary>An exception without a message of its own.</summary>
    public TokenizerFormatException()
    {
    }

    /// <summary>An exception whose message names what is wrong.</summary>
    public TokenizerFormatException(string message)
        : base(message)
    {
    }

    /// <summary>An exception whose message names what is wrong, with the error that showed it.</summary>
    public TokenizerFormatException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
