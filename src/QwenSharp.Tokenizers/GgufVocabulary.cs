using System.Text;

namespace QwenSharp.Tokenizers;

/// <summary>A vocabulary in GGUF's terms: the values of its <c>tokenizer.ggml.*</c> keys.</summary>
/// <param name="Model"><c>tokenizer.ggml.model</c>.</param>
/// <param name="PreTokenizer"><c>tokenizer.ggml.pre</c>.</param>
/// <param name="Tokens"><c>tokenizer.ggml.tokens</c>, by id.</param>
/// <param name="TokenTypes"><c>tokenizer.ggml.token_type</c>, one for each token.</param>
/// <param name="Merges"><c>tokenizer.ggml.merges</c>, best first.</param>
public sealed record GgufVocabulary(string Model, string PreTokenizer, string[] Tokens, int[] TokenTypes, string[] Merges)
{
    /// <summary>The codes of <c>tokenizer.ggml.token_type</c>.</summary>
    internal const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5;

    /// <summary>GGUF's name for byte-level BPE.</summary>
    internal const string ByteLevel = "gpt2";

    /// <summary>
    /// What a GGUF file of this vocabulary has; <see cref="BpeVocabulary.FromGguf"/> reads it back. GGUF has no key for normalization,
    /// which its reader takes for granted, for <see cref="BpeVocabulary.IgnoresMerges"/> nor for what an added token swallows or asks for
    /// around it: those are not carried.
    /// </summary>
    /// <param name="vocabulary">The vocabulary.</param>
    /// <param name="count">How many tokens the model has, at least those of the vocabulary; ids that no token has are marked
    /// unused.</param>
    /// <exception cref="TokenizerFormatException">A token lies beyond <paramref name="count"/>.</exception>
    public static GgufVocabulary From(BpeVocabulary vocabulary, int count)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        string[] tokens = new string[count];
        int[] types = new int[count];
        for (int id = 0; id < count; id++)
        {
            string token = id < vocabulary.Tokens.Count ? Encoding.UTF8.GetString(vocabulary.Tokens[id]) : "";
            (tokens[id], types[id]) = token.Length > 0 ? (token, Normal) : ($"[PAD{id}]", Unused);
        }

        foreach (AddedToken added in vocabulary.AddedTokens)
        {
            if (added.Id >= count)
                throw new TokenizerFormatException($"The token '{added.Content}' has the id {added.Id}; the model has {count} tokens.");

            (tokens[added.Id], types[added.Id]) = (
                added.Content,
                KnownTokens.IsControl(added.Content, added.IsControl) ? Control : UserDefined);
        }

        string[] merges = new string[vocabulary.Merges.Count];
        for (int rank = 0; rank < merges.Length; rank++)
            merges[rank] = Encoding.UTF8.GetString(vocabulary.Merges[rank]);

        return new GgufVocabulary(ByteLevel, vocabulary.Pattern == PreTokenizerPattern.Qwen35 ? "qwen35" : "qwen2", tokens, types, merges);
    }
}
