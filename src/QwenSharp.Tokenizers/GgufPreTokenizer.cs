using System.Text;

namespace QwenSharp.Tokenizers;

/// <summary>How a GGUF file says in which pieces text is cut, and what is meant where it does not say.</summary>
internal static class GgufPreTokenizer
{
    private const string Key = "tokenizer.ggml.pre";

    /// <summary>More than any vocabulary of Qwen2's pattern has (151,936), and fewer than Qwen3.5's (248,320).</summary>
    private const int FewestOfQwen35 = 200_000;

    /// <param name="name">The key's value; null where the file has none.</param>
    /// <param name="tokens">The vocabulary.</param>
    /// <param name="usual">The pattern of the model's family.</param>
    /// <param name="repairs">Receives a line where the file does not say.</param>
    /// <exception cref="TokenizerFormatException">It is none of Qwen's, or the file does not say and the vocabulary is none of
    /// Qwen's.</exception>
    public static PreTokenizerPattern Read(string? name, Utf8Strings tokens, PreTokenizerPattern usual, ICollection<string>? repairs)
    {
        switch (name)
        {
            // The names of models whose pattern is Qwen2's to the letter.
            case "qwen2" or "deepseek-r1-qwen" or "kormo" or "f2llmv2":
                return PreTokenizerPattern.Qwen2;
            case "qwen35":
                return PreTokenizerPattern.Qwen35;
            case null or "" or "default":
                break;
            default:
                throw new TokenizerFormatException(
                    $"{Key} is \"{name}\"; the pre-tokenizers of Qwen models, \"qwen2\", \"qwen35\" and \"deepseek-r1-qwen\", "
                        + "are supported. If the model is one of Qwen's, convert it again.");
        }

        // Old converters wrote no key, and "default" means another pattern to those who follow it.
        string said = name is null ? $"The file has no {Key}" : $"{Key} is \"{name}\"";
        if (JoinedDigits(tokens) is { } foreign)
        {
            throw new TokenizerFormatException(
                $"{said}, and the vocabulary is none of Qwen's: its token \"{foreign}\" joins digits, which Qwen's patterns keep apart. "
                    + "Convert the model again with a converter that writes the key.");
        }

        PreTokenizerPattern pattern = tokens.Count >= FewestOfQwen35 ? PreTokenizerPattern.Qwen35 : usual;
        repairs?.Add(
            $"{said}: text is cut as \"{(pattern == PreTokenizerPattern.Qwen35 ? "qwen35" : "qwen2")}\" says, which the model's family and "
                + "the size of its vocabulary speak for.");
        return pattern;
    }

    private static string? JoinedDigits(Utf8Strings tokens)
    {
        for (int id = 0; id < tokens.Count; id++)
        {
            if (tokens[id] is { Length: > 1 } token && !token.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
                return Encoding.UTF8.GetString(token);
        }

        return null;
    }
}
