using System.Collections.Concurrent;
using System.Text;
using QwenSharp.Chat;
using QwenSharp.Grammars;
using QwenSharp.Tokenizers;

namespace QwenSharp.Constraints;

/// <summary>A model's tokens as constraints see them: made once for a model.</summary>
internal sealed class ReplyVocabulary(BpeTokenizer tokenizer, IReadOnlyCollection<int> stopTokens)
{
    // What Qwen documents for the end of a budget (https://qwen.readthedocs.io/en/latest/getting_started/quickstart.html#thinking-budget).
    private const string EarlyStop =
        "\n\nConsidering the limited time by the user, I have to give the solution based on the thinking directly now.\n";

    private readonly Lazy<TokenVocabulary> _tokens = new(() => TokenVocabulary.Of(tokenizer));
    private readonly Lazy<(int? One, int? Two)> _newlines = new(() => (SingleOf(tokenizer, "\n"), SingleOf(tokenizer, "\n\n")));
    private readonly int[] _stopTokens = [.. stopTokens];
    private readonly ConcurrentDictionary<(string Text, int Most), int[][]> _straddling = [];

    /// <summary>The tokens that grammars choose from.</summary>
    public TokenVocabulary Tokens => _tokens.Value;

    /// <summary>The tokens that end an answer.</summary>
    public ReadOnlySpan<int> StopTokens => _stopTokens;

    /// <summary>What a token adds to the text of an answer: nothing where it is a control token, or beyond the vocabulary.</summary>
    public ReadOnlySpan<byte> Bytes(int token) =>
        (uint)token < (uint)tokenizer.VocabularySize && !tokenizer.IsControl(token) ? tokenizer.GetBytes(token) : [];

    /// <summary>The tokens with which reasoning is ended whose budget is used up.</summary>
    /// <param name="tags">The tags of reasoning.</param>
    /// <param name="hasBegun">Whether there is reasoning to be broken off.</param>
    public int[] EndOfReasoning(ReasoningTags tags, bool hasBegun) =>
        [.. Encode($"{(hasBegun ? EarlyStop : "\n")}{tags.Close}\n\n")];

    /// <summary>The tokens that bring a text to its end and go on behind it with more than new lines.</summary>
    /// <param name="text">The text.</param>
    /// <param name="begun">How many of its bytes are there already.</param>
    /// <param name="newlines">How many new lines behind it do not count.</param>
    public int[] Straddling(string text, int begun, int newlines) => _straddling.GetOrAdd((text, newlines), FindStraddling)[begun];

    private int[][] FindStraddling((string Text, int Most) key)
    {
        byte[] text = Encoding.UTF8.GetBytes(key.Text);
        int[] candidates = [.. Enumerable.Range(0, tokenizer.VocabularySize)
            .Where(token => Bytes(token) is [.. var before, _] && before.Contains(text[^1]))];
        return [.. Enumerable.Range(0, text.Length).Select(begun => candidates.Where(token => Straddles(token, begun)).ToArray())];

        bool Straddles(int token, int begun)
        {
            ReadOnlySpan<byte> said = [.. text.AsSpan(0, begun), .. Bytes(token)];
            int end = said.IndexOf(text) + text.Length;
            return end >= text.Length && (said.Length - end > key.Most || said[end..].ContainsAnyExcept((byte)'\n'));
        }
    }

    /// <summary>The tokens that are one new line and two; null where one is several tokens.</summary>
    public (int? One, int? Two) Newlines => _newlines.Value;

    /// <summary>The token that a text is; null where it is several.</summary>
    public int? Single(string text) => SingleOf(tokenizer, text);

    /// <summary>Bytes as the tokens that the model would write them in.</summary>
    public IReadOnlyList<int> Encode(ReadOnlyMemory<byte> bytes) => Encode(Encoding.UTF8.GetString(bytes.Span));

    private List<int> Encode(string text) => Encode(tokenizer, text);

    private static int? SingleOf(BpeTokenizer tokenizer, string text) => Encode(tokenizer, text) is [int only] ? only : null;

    private static List<int> Encode(BpeTokenizer tokenizer, string text)
    {
        List<int> ids = [];
        tokenizer.Encode(text, ids, TokenParsing.Added);
        return ids;
    }
}
