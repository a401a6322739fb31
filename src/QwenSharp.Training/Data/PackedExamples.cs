namespace QwenSharp.Training;

/// <summary>
/// Examples packed into rows of one length. Several share a row, each with positions from 0 and in a segment of its own, so that none sees
/// another;
/// what is left at a row's end is padding, a segment with weight 0.
/// </summary>
public sealed class PackedExamples
{
    /// <summary>
    /// Rows that are open at a time: enough to fill 97% and more with short examples, few enough that packing takes no time.
    /// </summary>
    private const int OpenRows = 64;

    private readonly ExampleStore _store;
    private readonly float _promptWeight;
    private readonly int _padding;

    /// <summary>The examples of each row.</summary>
    private readonly int[][] _rows;

    internal PackedExamples(ExampleStore store, IReadOnlyList<int> examples, int sequenceLength, float promptWeight, int padding)
    {
        (_store, _promptWeight, _padding, SequenceLength, Count) = (store, promptWeight, padding, sequenceLength, examples.Count);
        _rows = Pack(store, examples, sequenceLength);
        foreach (int example in examples)
        {
            TokenCount += store.Length(example);
            LearntTokenCount += store.LearntCount(example);
        }
    }

    /// <summary>How many examples there are.</summary>
    public int Count { get; }

    /// <summary>How many tokens the model reads in one pass over all, padding not counted.</summary>
    public long TokenCount { get; }

    /// <summary>How many of their targets are answers, or text to learn: those with weight 1.</summary>
    public long LearntTokenCount { get; }

    /// <summary>How many rows they fill.</summary>
    public int RowCount => _rows.Length;

    /// <summary>Tokens a row.</summary>
    public int SequenceLength { get; }

    /// <summary>The share of the rows that is not padding.</summary>
    public double Fill => RowCount == 0 ? 0 : (double)TokenCount / ((long)RowCount * SequenceLength);

    /// <summary>The batches of one pass in a fixed order; the last may have fewer rows.</summary>
    /// <param name="rows">Rows a batch, at least 1.</param>
    public IEnumerable<TrainingBatch> Batches(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        return Enumerable.Range(0, RowCount).Chunk(rows).Select(chunk => Batch(chunk));
    }

    /// <summary>A hash of the tokens and what is learnt of them, in their order.</summary>
    internal ulong Fingerprint()
    {
        ulong hash = 0;
        foreach (int[] row in _rows)
        {
            foreach (int example in row)
                hash = StableHash.Mix(hash ^ _store.Fingerprint(example));
        }

        return hash;
    }

    /// <summary>One batch of the given rows.</summary>
    internal TrainingBatch Batch(ReadOnlySpan<int> rows)
    {
        int length = checked(rows.Length * SequenceLength), at = 0;
        TrainingBatch batch = new()
        {
            Tokens = new int[length],
            Targets = new int[length],
            Weights = new float[length],
            Positions = new int[length],
            Segments = Segments(rows),
        };
        foreach (int row in rows)
        {
            int end = at + SequenceLength;
            foreach (int example in _rows[row])
            {
                Write(example, batch, at);
                at += _store.Length(example);
            }

            for (int position = 0; at < end; at++)
                (batch.Tokens[at], batch.Targets[at], batch.Positions[at]) = (_padding, -1, position++);
        }

        return batch;
    }

    private int[] Segments(ReadOnlySpan<int> rows)
    {
        List<int> segments = [0];
        for (int i = 0; i < rows.Length; i++)
        {
            foreach (int example in _rows[rows[i]])
                segments.Add(segments[^1] + _store.Length(example));

            if (segments[^1] < (i + 1) * SequenceLength)
                segments.Add((i + 1) * SequenceLength);
        }

        return [.. segments];
    }

    private void Write(int example, TrainingBatch batch, int at)
    {
        int length = _store.Length(example);
        for (int i = 0; i < length; i++)
        {
            batch.Tokens[at + i] = _store.Token(example, i);
            batch.Targets[at + i] = _store.Token(example, i + 1);
            batch.Positions[at + i] = i;
        }

        _store.CopyWeights(example, _promptWeight, batch.Weights.AsSpan(at, length));
    }

    /// <summary>First fit among the rows that are open; where an example fits in none, the fullest of them is closed.</summary>
    private static int[][] Pack(ExampleStore store, IReadOnlyList<int> examples, int sequenceLength)
    {
        List<int[]> closed = [];
        List<(int Free, List<int> Examples)> open = [];
        foreach (int example in examples)
        {
            int length = store.Length(example);
            int row = open.FindIndex(candidate => candidate.Free >= length);
            if (row < 0)
            {
                if (open.Count == OpenRows)
                    Close(open.IndexOf(open.MinBy(candidate => candidate.Free)));

                row = open.Count;
                open.Add((sequenceLength, []));
            }

            open[row].Examples.Add(example);
            open[row] = (open[row].Free - length, open[row].Examples);
            if (open[row].Free == 0)
                Close(row);
        }

        while (open.Count > 0)
            Close(0);

        return [.. closed];

        void Close(int row)
        {
            closed.Add([.. open[row].Examples]);
            open.RemoveAt(row);
        }
    }
}
