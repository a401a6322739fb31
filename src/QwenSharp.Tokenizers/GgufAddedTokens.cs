using System.Text;

namespace QwenSharp.Tokenizers;

/// <summary>
/// The added tokens of a GGUF file: those that <c>tokenizer.ggml.token_type</c> names, and those that are it by their spelling.
/// </summary>
internal static class GgufAddedTokens
{
    private const int MostNamed = 6;

    /// <param name="tokens"><c>tokenizer.ggml.tokens</c>.</param>
    /// <param name="types"><c>tokenizer.ggml.token_type</c>, one for each token; empty for none.</param>
    /// <param name="repairs">Receives a line where types are wrong.</param>
    /// <exception cref="TokenizerFormatException">A type is none of byte-level BPE.</exception>
    public static IReadOnlyList<AddedToken> Read(Utf8Strings tokens, ReadOnlySpan<int> types, ICollection<string>? repairs)
    {
        List<AddedToken> added = [];
        List<int> byLook = [];
        List<string> retyped = [];
        for (int id = 0; id < tokens.Count; id++)
        {
            int type = types.IsEmpty ? GgufVocabulary.Normal : types[id];
            switch (type)
            {
                case GgufVocabulary.Control or GgufVocabulary.Unknown or GgufVocabulary.UserDefined:
                    string content = Encoding.UTF8.GetString(tokens[id]);
                    bool said = type != GgufVocabulary.UserDefined, isControl = KnownTokens.IsControl(content, said);
                    added.Add(new AddedToken(id, content, isControl));
                    if (isControl != said)
                        retyped.Add(content);
                    break;
                case GgufVocabulary.Normal or GgufVocabulary.Unused:
                    if (tokens[id] is [(byte)'<', .., (byte)'>'])
                        byLook.Add(id);
                    break;
                default:
                    throw new TokenizerFormatException(
                        $"Token {id} has type {type} in tokenizer.ggml.token_type, which byte-level BPE does not have.");
            }
        }

        // What a type names already is not added again by its spelling.
        HashSet<string> named = [.. added.Select(token => token.Content)];
        foreach (int id in byLook)
        {
            string content = Encoding.UTF8.GetString(tokens[id]);
            if ((KnownTokens.LooksLikeControl(content) || KnownTokens.IsTag(content)) && named.Add(content))
            {
                added.Add(new AddedToken(id, content, KnownTokens.LooksLikeControl(content)));
                retyped.Add(content);
            }
        }

        if (retyped.Count > 0)
        {
            string more = retyped.Count > MostNamed ? $" and {retyped.Count - MostNamed} more" : "";
            repairs?.Add(
                $"tokenizer.ggml.token_type does not fit {string.Join(", ", retyped.Take(MostNamed))}{more}: read as Qwen's models know "
                    + "them, <|…|> as control tokens and tags as text.");
        }

        return added;
    }
}
