namespace QwenSharp.Training;

/// <summary>Tokens that the assistant says.</summary>
/// <param name="Start">The first.</param>
/// <param name="End">Behind the last.</param>
/// <param name="IsLearnt">Whether they are learnt; otherwise they are shown and count for nothing.</param>
internal readonly record struct TokenRange(int Start, int End, bool IsLearnt);

/// <summary>
/// Tokenised examples, close together: two bytes a token (three where the vocabulary has more than 65,536), and a few numbers an example.
/// </summary>
internal sealed class ExampleStore(int vocabularySize)
{
    private ushort[] _low = new ushort[1 << 12];

    /// <summary>The bits above the lower 16; null where there are none.</summary>
    private byte[]? _high = vocabularySize > 1 << 16 ? new byte[1 << 12] : null;

    /// <summary>Where each example starts, and at the end where the next will.</summary>
    private readonly List<int> _starts = [0];

    /// <summary>Where the assistant's tokens lie, counted over all examples, and the first of each example's.</summary>
    private readonly List<TokenRange> _answers = [];
    private readonly List<int> _firstAnswer = [0];

    public int Count => _starts.Count - 1;

    /// <summary>How many tokens an example's model reads: one less than it has.</summary>
    public int Length(int example) => _starts[example + 1] - _starts[example] - 1;

    /// <summary>How many of an example's tokens are learnt.</summary>
    public int LearntCount(int example)
    {
        int count = 0;
        for (int i = _firstAnswer[example]; i < _firstAnswer[example + 1]; i++)
            count += _answers[i].IsLearnt ? _answers[i].End - _answers[i].Start : 0;

        return count;
    }

    /// <summary>Adds part of a tokenised example; false, and nothing added, where none of it can be learnt.</summary>
    /// <param name="tokens">Its tokens.</param>
    /// <param name="answers">Which of them the assistant says.</param>
    /// <param name="start">The first token to take.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="TrainingDataException">There are more than 2³¹ tokens.</exception>
    public bool Add(List<int> tokens, List<TokenRange> answers, int start, int count)
    {
        int at = _starts[^1], before = _answers.Count;
        if (at > Array.MaxLength - count)
        {
            throw new TrainingDataException(
                $"The training data has more than {Array.MaxLength:N0} tokens; train on parts of it, one after the other.");
        }

        bool isLearnt = false;
        foreach (TokenRange answer in answers)
        {
            // Nothing comes before the first token, so it cannot be predicted.
            int from = Math.Max(answer.Start, start + 1), to = Math.Min(answer.End, start + count);
            if (from >= to)
                continue;

            isLearnt |= answer.IsLearnt;
            _answers.Add(new TokenRange(at + from - start, at + to - start, answer.IsLearnt));
        }

        if (!isLearnt)
        {
            _answers.RemoveRange(before, _answers.Count - before);
            return false;
        }

        Reserve(at + count);
        for (int i = 0; i < count; i++)
        {
            _low[at + i] = (ushort)tokens[start + i];
            if (_high is not null)
                _high[at + i] = (byte)(tokens[start + i] >> 16);
        }

        _starts.Add(at + count);
        _firstAnswer.Add(_answers.Count);
        return true;
    }

    /// <summary>A hash of an example's tokens and of which are learnt, or not even prompts.</summary>
    public ulong Fingerprint(int example)
    {
        ulong hash = 0;
        for (int i = 0; i <= Length(example); i++)
            hash = StableHash.Mix(hash + (ulong)Token(example, i) + 1);
        for (int i = _firstAnswer[example]; i < _firstAnswer[example + 1]; i++)
        {
            hash = StableHash.Mix(
                hash
                    + ((ulong)(_answers[i].Start - _starts[example]) << 32)
                    + (ulong)(_answers[i].End - _answers[i].Start)
                    + (_answers[i].IsLearnt ? 0 : 1UL << 63));
        }

        return hash;
    }

    public int Token(int example, int index)
    {
        int at = _starts[example] + index;
        return _low[at] | (_high is null ? 0 : _high[at] << 16);
    }

    /// <summary>Writes the weight of each target of an example: of its second token to its last.</summary>
    public void CopyWeights(int example, float promptWeight, Span<float> weights)
    {
        weights.Fill(promptWeight);
        int first = _starts[example] + 1;
        for (int i = _firstAnswer[example]; i < _firstAnswer[example + 1]; i++)
            weights[(_answers[i].Start - first)..(_answers[i].End - first)].Fill(_answers[i].IsLearnt ? 1 : 0);
    }

    private void Reserve(int length)
    {
        if (length <= _low.Length)
            return;

        int larger = (int)Math.Min(Array.MaxLength, Math.Max(_low.Length * 2L, length));
        Array.Resize(ref _low, larger);
        if (_high is not null)
            Array.Resize(ref _high, larger);
    }
}
