using QwenSharp.Tokenizers;

namespace QwenSharp.Training;

/// <summary>
/// Turns examples into tokens. Prompts and answers are tokenised apart, as the model gets the one and writes the other: no token spans both.
/// </summary>
internal sealed class ExampleTokenizer(BpeTokenizer tokenizer)
{
    /// <summary>What ends a document; null where the vocabulary has no such token.</summary>
    private readonly int? _endOfDocument = tokenizer.TryGetId("<|endoftext|>", out int id) && tokenizer.IsControl(id) ? id : null;

    private readonly List<int> _tokens = [];
    private readonly List<TokenRange> _answers = [];
    private readonly List<Range> _trusted = [];

    /// <summary>The tokens of one example and which of them the assistant says; both hold until the next call.</summary>
    public (List<int> Tokens, List<TokenRange> Answers) Encode(ExampleText example)
    {
        _tokens.Clear();
        _answers.Clear();
        int done = 0;
        foreach ((Range answer, bool isLearnt) in example.Answers)
        {
            (int start, int length) = answer.GetOffsetAndLength(example.Text.Length);
            Append(example, done, start);
            int first = _tokens.Count;
            Append(example, start, start + length);
            _answers.Add(new TokenRange(first, _tokens.Count, isLearnt));
            done = start + length;
        }

        if (example.Kind == ExampleKind.Document && _endOfDocument is { } end)
        {
            _tokens.Add(end);
            _answers[^1] = _answers[^1] with { End = _tokens.Count };
        }

        return (_tokens, _answers);
    }

    private void Append(ExampleText example, int start, int end)
    {
        _trusted.Clear();
        foreach (Range range in example.Trusted)
        {
            int from = Math.Max(range.Start.Value, start), to = Math.Min(range.End.Value, end);
            if (from < to)
                _trusted.Add((from - start)..(to - start));
        }

        tokenizer.Encode(example.Text.AsSpan(start, end - start), System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_trusted), _tokens);
    }
}
