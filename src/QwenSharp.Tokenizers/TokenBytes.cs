using System.Runtime.CompilerServices;
using System.Text;

namespace QwenSharp.Tokenizers;

/// <summary>The bytes of all tokens of a vocabulary, one after the other, decoded from their spelling.</summary>
/// <param name="Bytes">Token <c>id</c> is <c>Bytes[Starts[id]..Starts[id + 1]]</c>.</param>
/// <param name="Starts">One entry more than there are tokens.</param>
/// <param name="IsFindable">False for ids without a token, and for added tokens: no merge leads to them.</param>
internal readonly record struct TokenBytes(byte[] Bytes, int[] Starts, bool[] IsFindable)
{
    /// <summary>Far above any published vocabulary (Qwen3.5 has 248,320): a file with one absurd id must not cost gigabytes.</summary>
    public const int MaxTokens = 1 << 22;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // Runs once, before anything could be tiered up.
    public static TokenBytes Read(BpeVocabulary vocabulary)
    {
        Dictionary<int, AddedToken> added = [];
        int count = vocabulary.Tokens.Count;
        foreach (AddedToken token in vocabulary.AddedTokens)
        {
            Check(token);
            if (!added.TryAdd(token.Id, token))
            {
                throw new TokenizerFormatException(
                    $"Two added tokens, \"{added[token.Id].Content}\" and \"{token.Content}\", have the id {token.Id}.");
            }

            count = Math.Max(count, token.Id + 1);
        }

        if (count > MaxTokens)
            throw new TokenizerFormatException($"The vocabulary has {count} tokens; at most {MaxTokens} are supported.");

        int[] starts = new int[count + 1];
        bool[] isFindable = new bool[count];
        PooledList<byte> bytes = new(count * 8);
        for (int id = 0; id < count; id++)
        {
            if (added.TryGetValue(id, out AddedToken? token))
                bytes.AddRange(Encoding.UTF8.GetBytes(token.Content));
            else if (id < vocabulary.Tokens.Count)
                isFindable[id] = AppendDecoded(vocabulary.Tokens[id], ref bytes);

            starts[id + 1] = bytes.Count;
        }

        byte[] all = bytes.Items.ToArray();
        bytes.Dispose();
        return new TokenBytes(all, starts, isFindable);
    }

    /// <summary>
    /// Appends the bytes that a spelling stands for; a spelling that stands for none is left as it is, and cannot be found.
    /// </summary>
    private static bool AppendDecoded(ReadOnlySpan<byte> spelling, ref PooledList<byte> bytes)
    {
        int before = bytes.Count;
        int length = ByteSpelling.Decode(spelling, bytes.Extend(spelling.Length));
        bytes.Truncate(before + Math.Max(length, 0));
        if (length < 0)
            bytes.AddRange(spelling);
        return length > 0;
    }

    private static void Check(AddedToken token)
    {
        if (token.Id is < 0 or >= MaxTokens)
            throw new TokenizerFormatException($"Added token \"{token.Content}\" has the id {token.Id}; ids are 0 to {MaxTokens - 1}.");
        if (string.IsNullOrEmpty(token.Content))
            throw new TokenizerFormatException($"Added token {token.Id} has no content to look for.");
        if (token.IsControl && token.IsNormalized)
        {
            throw new TokenizerFormatException(
                $"Control token \"{token.Content}\" asks to be found in normalized text, where the origin of a character is lost; set "
                    + "\"normalized\" to false."
            );
        }
    }
}
