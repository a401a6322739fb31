namespace QwenSharp.Numerics;

public sealed partial class TrainingCompute
{
    private SequenceRows[] _segments = [];
    private SegmentForward[] _segmentForward = [];
    private SegmentBackward[] _segmentBackward = [];

    /// <summary>
    /// Causal softmax attention with grouped queries (GQA) over sequences packed one after another, none of which sees another:
    /// y = Σₚ softmax(q·kₚ / √headLength) vₚ over the segment's rows p up to the row's own. Keys and values are those of the batch, so
    /// nothing is stored.
    /// </summary>
    /// <param name="q">[rows, heads × headLength], rotated.</param>
    /// <param name="k">[rows, kvHeads × headLength], rotated; heads is a multiple of kvHeads.</param>
    /// <param name="v">[rows, kvHeads × headLength].</param>
    /// <param name="segments">Where each segment begins, from 0 on, and last the number of rows: [0, 17, 64] is rows 0–16 and
    /// 17–63.</param>
    /// <param name="headLength">Elements in a head.</param>
    /// <param name="y">[rows, heads × headLength] is written; not <paramref name="q"/>, <paramref name="k"/> or
    /// <paramref name="v"/>.</param>
    /// <param name="logSumExp">[rows, heads] is written: ln Σₚ exp(q·kₚ / √headLength), which the way back needs.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, segments do not ascend, or an output is an input.</exception>
    public unsafe void AttendSegments(
        Activations q, Activations k, Activations v, ReadOnlySpan<int> segments, int headLength, Activations y, Activations logSumExp)
    {
        SegmentOperands operands = CheckSegments(q, k, v, segments, headLength, y, logSumExp);
        CheckDistinct(nameof(y), y, q, k, v, logSumExp);
        CheckDistinct(nameof(logSumExp), logSumExp, q, k, v);
        if (_segmentForward.Length == 0)
            _segmentForward = [.. Enumerable.Range(0, Threads).Select(_ => new SegmentForward(Vectors))];

        foreach (SegmentForward worker in _segmentForward)
            worker.Prepare(headLength);

        _tiles.Cut(Segments(segments), operands.Heads, SegmentTile.Rows);
        AttendSegmentsJob job = new(_segmentForward, _tiles, operands);
        Pool.Run(ref job, _tiles.Count);
        KeepAttention(q, k, v, y, logSumExp);
    }

    /// <summary>
    /// The way back through <see cref="AttendSegments"/>. Probabilities are computed again, so that no matrix of scores is ever kept.
    /// The gradients are written, not added.
    /// </summary>
    /// <param name="q">As forward.</param>
    /// <param name="k">As forward.</param>
    /// <param name="v">As forward.</param>
    /// <param name="y">What came out.</param>
    /// <param name="logSumExp">What came out with it.</param>
    /// <param name="dy">[rows, heads × headLength]: the gradient of <paramref name="y"/>.</param>
    /// <param name="segments">As forward.</param>
    /// <param name="headLength">Elements in a head.</param>
    /// <param name="dq">[rows, heads × headLength]: the gradient of <paramref name="q"/>. The gradients are matrices of their own.</param>
    /// <param name="dk">[rows, kvHeads × headLength]: the gradient of <paramref name="k"/>.</param>
    /// <param name="dv">[rows, kvHeads × headLength]: the gradient of <paramref name="v"/>.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, segments do not ascend, or an output is an input.</exception>
    public unsafe void AttendSegmentsBackward(
        Activations q,
        Activations k,
        Activations v,
        Activations y,
        Activations logSumExp,
        Activations dy,
        ReadOnlySpan<int> segments,
        int headLength,
        Activations dq,
        Activations dk,
        Activations dv)
    {
        SegmentOperands operands = CheckSegments(q, k, v, segments, headLength, y, logSumExp);
        int rows = segments[^1];
        CheckRows(rows, q, dy);
        CheckRows(rows, q, dq);
        CheckRows(rows, k, dk);
        CheckRows(rows, k, dv);
        CheckDistinct(nameof(dq), dq, q, k, v, y, logSumExp, dy, dk, dv);
        CheckDistinct(nameof(dk), dk, q, k, v, y, logSumExp, dy, dv);
        CheckDistinct(nameof(dv), dv, q, k, v, y, logSumExp, dy);
        if (_segmentBackward.Length == 0)
            _segmentBackward = [.. Enumerable.Range(0, Threads).Select(_ => new SegmentBackward(Vectors))];

        foreach (SegmentBackward worker in _segmentBackward)
            worker.Prepare(headLength);

        operands.DY = dy.Pointer;
        operands.DQueries = dq.Pointer;
        operands.DKeys = dk.Pointer;
        operands.DValues = dv.Pointer;
        operands.Delta = TrainingScratch((long)rows * operands.Heads);
        ForEachRow(new DeltaRows(Vectors, y.Pointer, dy.Pointer, operands.Delta, operands.Heads, headLength), rows, q.Width);

        _tiles.Cut(Segments(segments), operands.KvHeads, int.MaxValue);
        if (2 * _tiles.Count > Threads)
        {
            AttendSegmentsBackwardJob job = new(_segmentBackward, _tiles, operands);
            Pool.Run(ref job, _tiles.Count);
        }
        else
        {
            // Threads would be idle. Smaller tasks, each to one side, take seven products where whole segments take five, for the same
            // bits.
            _tiles.Cut(Segments(segments), operands.KvHeads, SegmentTile.Rows);
            AttendKeysBackwardJob keys = new(_segmentBackward, _tiles, operands);
            Pool.Run(ref keys, _tiles.Count);
            _tiles.Cut(Segments(segments), operands.Heads, SegmentTile.Rows);
            AttendQueriesBackwardJob queries = new(_segmentBackward, _tiles, operands);
            Pool.Run(ref queries, _tiles.Count);
        }

        KeepAttention(q, k, v, y, logSumExp);
        Keep(dy, dq);
        Keep(dk, dv);
    }

    private static unsafe SegmentOperands CheckSegments(
        Activations q, Activations k, Activations v, ReadOnlySpan<int> segments, int headLength, Activations y, Activations logSumExp)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(headLength);
        int heads = q.Width / headLength,
            kvHeads = k.Width / headLength;
        if (
            kvHeads == 0
            || heads % kvHeads != 0
            || heads * headLength != q.Width
            || kvHeads * headLength != k.Width
            || heads == 0
            || logSumExp.Width != heads)
        {
            throw new ArgumentException(
                $"Queries of width {q.Width}, keys of width {k.Width} and {logSumExp.Width} sums do not fit heads of {headLength}, as "
                    + "many for each KV head.",
                nameof(q));
        }

        if (segments.Length == 0 || segments[0] != 0)
            throw new ArgumentException("The first segment begins at row 0, and the last number is that of the rows.", nameof(segments));

        for (int i = 1; i < segments.Length; i++)
        {
            if (segments[i] <= segments[i - 1])
            {
                throw new ArgumentException(
                    $"Segment {i - 1}, rows {segments[i - 1]} to {segments[i]}, has no rows: starts must ascend.",
                    nameof(segments));
            }
        }

        int rows = segments[^1];
        CheckRows(rows, q, y);
        CheckRows(rows, k, v);
        CheckRows(rows, logSumExp, logSumExp);
        if (rows > k.Capacity || rows > q.Capacity)
            throw new ArgumentException($"{rows} rows are not in queries of {q.Capacity} and keys of {k.Capacity}.", nameof(segments));

        return new SegmentOperands
        {
            HeadLength = headLength,
            Heads = heads,
            KvHeads = kvHeads,
            Queries = q.Pointer,
            Keys = k.Pointer,
            Values = v.Pointer,
            Y = y.Pointer,
            LogSumExp = logSumExp.Pointer,
        };
    }

    private static void KeepAttention(Activations q, Activations k, Activations v, Activations y, Activations logSumExp)
    {
        Keep(q, k, v);
        Keep(y, logSumExp);
    }

    /// <summary>The segments as sequences of a batch, in memory that is kept.</summary>
    private ReadOnlySpan<SequenceRows> Segments(ReadOnlySpan<int> segments)
    {
        int count = segments.Length - 1;
        if (_segments.Length < count)
            _segments = new SequenceRows[Math.Max(count, 2 * _segments.Length)];

        for (int i = 0; i < count; i++)
            _segments[i] = new SequenceRows(segments[i], segments[i + 1] - segments[i], 0, []);

        return _segments.AsSpan(0, count);
    }

    private void DisposeSegments()
    {
        foreach (SegmentForward worker in _segmentForward)
            worker.Dispose();

        foreach (SegmentBackward worker in _segmentBackward)
            worker.Dispose();
    }
}
