using System.Runtime.InteropServices;
using QwenSharp.Tokenizers;

namespace QwenSharp.Training;

/// <summary>
/// Turns examples into tokens. Prompts and answers are tokenised apart, as the model gets the one and writes the other: no token spans
/// both.
/// </summary>
/// <param name="tokenizer">The model's.</param>
/// <param name="dropout">See <see cref="TrainingDataOptions.BpeDropout"/>.</param>
internal sealed class ExampleTokenizer(BpeTokenizer tokenizer, double dropout = 0)
{
    /// <summary>What ends a document; null where the vocabulary has no such token.</summary>
    private readonly int? _endOfDocument = tokenizer.TryGetId("<|endoftext|>", out int id) && tokenizer.IsControl(id) ? id : null;

    private readonly List<int> _whole = [];
    private readonly List<int> _tokens = [];
    private readonly List<TokenRange> _answers = [];
    private readonly List<Range> _trusted = [];

    /// <summary>The tokens of one example and which of them the assistant says; both hold until the next call.</summary>
    /// <param name="example">The example.</param>
    /// <param name="seed">Decides which tokens are divided; null for none.</param>
    public (List<int> Tokens, List<TokenRange> Answers) Encode(ExampleText example, ulong? seed = null)
    {
        _tokens.Clear();
        _answers.Clear();
        int done = 0;
        foreach ((Range answer, bool isLearnt) in example.Answers)
        {
            (int start, int length) = answer.GetOffsetAndLength(example.Text.Length);
            Append(example, done, start, seed);
            int first = _tokens.Count;
            Append(example, start, start + length, seed);
            _answers.Add(new TokenRange(first, _tokens.Count, isLearnt));
            done = start + length;
        }

        if (example.Kind == ExampleKind.Document && _endOfDocument is { } end)
        {
            _tokens.Add(end);
            _answers[^1] = _answers[^1] with { End = _tokens.Count };
        }

        // As every prompt begins when the model is served.
        if (tokenizer.Begin(_tokens))
        {
            foreach (ref TokenRange answer in CollectionsMarshal.AsSpan(_answers))
                answer = answer with { Start = answer.Start + 1, End = answer.End + 1 };
        }

        return (_tokens, _answers);
    }

    private void Append(ExampleText example, int start, int end, ulong? seed)
    {
        _trusted.Clear();
        foreach (Range range in example.Trusted)
        {
            int from = Math.Max(range.Start.Value, start), to = Math.Min(range.End.Value, end);
            if (from < to)
                _trusted.Add((from - start)..(to - start));
        }

        _whole.Clear();
        tokenizer.Encode(example.Text.AsSpan(start, end - start), CollectionsMarshal.AsSpan(_trusted), seed is null ? _tokens : _whole);
        foreach (int token in _whole)
            Divide(token, seed!.Value);
    }

    private void Divide(int token, ulong seed)
    {
        if (
            StableHash.Mix(seed ^ StableHash.Mix((ulong)token)) < dropout * ulong.MaxValue
            && tokenizer.TrySplit(token, out int left, out int right))
        {
            Divide(left, seed);
            Divide(right, seed);
        }
        else
        {
            _tokens.Add(token);
        }
    }
}
