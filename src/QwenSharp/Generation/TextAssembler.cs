using System.Text;
using QwenSharp.Chat;
using QwenSharp.Engine;
using QwenSharp.Tokenizers;

namespace QwenSharp.Generation;

/// <summary>
/// Turns one sequence's tokens into chunks of text: whole characters, nothing of a stop string, each token in the chunk
/// where its text begins.
/// </summary>
internal sealed class TextAssembler(BpeTokenizer tokenizer, TextGenerationOptions options, int promptTokens)
{
    private readonly StreamingDecoder _decoder = new(tokenizer, skipControl: true);
    private readonly StopStringMatcher _matcher = new(options.Stop);
    private readonly Queue<(TextToken Token, int Start)> _waiting = new();
    private readonly StringBuilder _released = new();
    private int _completionTokens;
    private int _cachedTokens;
    private PromptReuse? _reuse;
    private int? _formStart;
    private bool _isInForm;
    private int _decodedLength;
    private int _releasedLength;

    /// <summary>Takes the next token.</summary>
    /// <returns>
    /// The text that is certain now; null when there is none yet. A chunk with <see cref="TextChunk.Finish"/> is the last.
    /// </returns>
    public TextChunk? Append(GeneratedToken token)
    {
        _completionTokens++;
        if (token.Reuse is { } reuse)
            (_reuse, _cachedTokens) = (reuse, reuse.Tokens);

        FinishReason? finish = token.Finish;
        if (finish != FinishReason.Stop)
        {
            // A character begun by an earlier token may be completed by this one; it counts as that token's text.
            _waiting.Enqueue((Describe(token), _decodedLength));
            if (token.IsInForm && !_isInForm)
                (_formStart, _isInForm) = (_decodedLength, true);

            if (token.Id < tokenizer.VocabularySize && Release(_decoder.Append(token.Id)))
                return Take(FinishReason.Stop);
        }

        if (finish is null)
            return _released.Length > 0 ? Take(null) : null;

        if (Release(_decoder.Flush()))
            return Take(FinishReason.Stop);

        _matcher.Flush(_released);
        return Take(finish);
    }

    private bool Release(string text)
    {
        _decodedLength += text.Length;
        return _matcher.Push(text, _released);
    }

    private TextChunk Take(FinishReason? finish)
    {
        string text = _released.ToString();
        _released.Clear();
        int? formStart = _formStart < _releasedLength + text.Length ? _formStart - _releasedLength : null;
        _formStart = formStart is null ? _formStart : null;
        _releasedLength += text.Length;
        List<TextToken> tokens = [];
        while (_waiting.TryPeek(out (TextToken Token, int Start) next) && next.Start < _releasedLength)
            tokens.Add(_waiting.Dequeue().Token);

        TextUsage? usage = finish is null ? null : new TextUsage(promptTokens, _completionTokens, _cachedTokens);
        TextChunk chunk = new(text, tokens, finish, usage, finish is null ? null : _matcher.Found)
        {
            Reuse = _reuse,
            FormStart = formStart,
        };
        _reuse = null;
        return chunk;
    }

    private TextToken Describe(GeneratedToken token)
    {
        if (!options.Logprobs)
            return new TextToken(token.Id, Bytes(token.Id), float.NaN, []);

        TextToken[] top = new TextToken[token.Top.Length];
        for (int i = 0; i < top.Length; i++)
            top[i] = new TextToken(token.Top.Span[i].Id, Bytes(token.Top.Span[i].Id), token.Top.Span[i].Logprob, []);

        return new TextToken(token.Id, Bytes(token.Id), token.Logprob, top);
    }

    /// <summary>A model's output layer may be padded beyond its vocabulary; such ids have no bytes.</summary>
    private byte[] Bytes(int id) => id < tokenizer.VocabularySize ? tokenizer.GetBytes(id).ToArray() : [];
}
