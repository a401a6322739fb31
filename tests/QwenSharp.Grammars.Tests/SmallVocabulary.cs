using System.Text;
using System.Text.Json;

namespace QwenSharp.Grammars.Tests;

/// <summary>A vocabulary of all bytes and of some longer tokens, such as merges of JSON make them.</summary>
internal static class SmallVocabulary
{
    public const int End = 300;

    private static readonly string[] Longer =
    [
        "\":", "\",", "\":\"", "\",\"", "{\"", "\"}", "\"}}", "},{\"", "[\"", "\"]", "],", "[]", "{}", "true", "false", "null", "ab", "abc",
        "a\":", "b\":1", "a\":1,\"b", "10", "100", "-1", ".5", "0.", " \"", ", ", ": ", ",\n  \"", "\\\"", "\\u00", "\\u0061", "é", "名", "😀", "\\n", "xx\"",
    ];

    public static TokenVocabulary Instance { get; } = Make();

    public static Grammar Schema(string schema)
    {
        using JsonDocument document = JsonDocument.Parse(schema);
        return Grammar.FromJsonSchema(document.RootElement);
    }

    /// <summary>Whether a grammar accepts a text, fed byte by byte.</summary>
    public static bool Accepts(Grammar grammar, string text)
    {
        GrammarMatcher matcher = new(grammar, Instance, End);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return (bytes.Length == 0 || matcher.TryAdvance(bytes)) && matcher.IsAccepting;
    }

    public static bool Has(ReadOnlySpan<uint> mask, int token) => (mask[token >> 5] >> token & 1) != 0;

    /// <summary>The tokens of a mask.</summary>
    public static List<int> Tokens(uint[] mask)
    {
        List<int> tokens = [];
        for (int token = 0; token < 32 * mask.Length; token++)
        {
            if (Has(mask, token))
                tokens.Add(token);
        }

        return tokens;
    }

    private static TokenVocabulary Make()
    {
        ReadOnlyMemory<byte>[] tokens = new ReadOnlyMemory<byte>[End];
        for (int value = 0; value < 256; value++)
            tokens[value] = new[] { (byte)value };
        for (int i = 0; i < Longer.Length; i++)
            tokens[256 + i] = Encoding.UTF8.GetBytes(Longer[i]);
        return new TokenVocabulary(tokens);
    }
}
