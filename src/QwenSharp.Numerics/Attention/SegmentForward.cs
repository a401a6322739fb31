namespace QwenSharp.Numerics;

/// <summary>
/// One worker's attention of a tile: <see cref="SegmentTile.Rows"/> rows of a segment and one query head, online over tiles of as many keys
/// (FlashAttention, Dao et al., 2022). Scores lie [keys, queries]: so the queries are transposed, once, and keys and values are not,
/// and the softmax of a query runs down a column, with no sums across a vector.
/// </summary>
internal sealed unsafe class SegmentForward(VectorKernels kernels) : IDisposable
{
    private const int TileRows = SegmentTile.Rows, ScoreStride = SegmentTile.ScoreStride;

    private readonly TileMemory _memory = new();
    private int _headLength;
    private float* _queries, _keys, _values, _scores, _sums, _max, _weight, _keep;

    /// <summary>Makes room for heads of this length; a call with the length of the one before does nothing.</summary>
    public void Prepare(int headLength)
    {
        if (_headLength == headLength)
            return;

        _headLength = headLength;
        int across = headLength * ScoreStride, wide = TileRows * SegmentTile.Stride(headLength), square = TileRows * ScoreStride;
        _memory.Reserve(across, wide, wide, wide, square, TileRows, TileRows, TileRows);
        _queries = _memory.Take(across);
        _keys = _memory.Take(wide);
        _values = _memory.Take(wide);
        _sums = _memory.Take(wide);
        _scores = _memory.Take(square);
        _max = _memory.Take(TileRows);
        _weight = _memory.Take(TileRows);
        _keep = _memory.Take(TileRows);
    }

    /// <summary>Attends from rows <paramref name="first"/> … of a segment that begins at row <paramref name="segment"/>.</summary>
    public void Attend(in SegmentOperands operands, int segment, int first, int rows, int head)
    {
        int kvHead = head / operands.Group, stride = SegmentTile.Stride(_headLength);
        operands.Transpose(operands.Queries + operands.Query(segment + first, head), operands.QueryWidth, _queries, rows);
        kernels.Scale(_queries, operands.Scale, _headLength * ScoreStride);
        new Span<float>(_max, TileRows).Fill(float.NegativeInfinity);
        new Span<float>(_weight, TileRows).Clear();
        for (int key = 0; key <= first; key += TileRows)
        {
            int keys = Math.Min(TileRows, first + rows - key);
            long from = operands.Key(segment + key, kvHead);
            operands.Copy(operands.Keys + from, operands.KeyWidth, _keys, stride, keys);
            operands.Copy(operands.Values + from, operands.KeyWidth, _values, stride, keys);
            AddKeys(rows, keys, isFirst: key == 0, diagonal: key == first);
        }

        Finish(operands, segment + first, rows, head);
    }

    public void Dispose() => _memory.Dispose();

    /// <summary>
    /// Adds a tile of keys and values to the sums. Tiles of keys begin where tiles of queries do, so the last one is on the diagonal:
    /// that is done in halves, the first of which has no product with the second half of the keys.
    /// </summary>
    private void AddKeys(int rows, int keys, bool isFirst, bool diagonal)
    {
        int stride = SegmentTile.Stride(_headLength), step = diagonal ? TileRows / 2 : TileRows;
        for (int query = 0; query < rows; query += step)
        {
            int seen = diagonal ? Math.Min(keys, query + step) : keys;
            float* scores = _scores + query;
            kernels.Multiply(_keys, stride, 1, _queries + query, scores, null, kernels.PaddedRows(seen), _headLength, step, ScoreStride);
            for (int key = query + 1; diagonal && key < seen; key++)
                new Span<float>(scores + (key * ScoreStride), key - query).Fill(float.NegativeInfinity);

            kernels.WeighColumns(scores, seen, step, _max + query, _weight + query, _keep + query);
            int padded = kernels.PaddedRows(Math.Min(step, rows - query));
            float* sums = _sums + (query * stride), keep = isFirst ? null : _keep + query;
            kernels.Multiply(scores, 1, ScoreStride, _values, sums, keep, padded, seen, SegmentTile.Columns(_headLength), stride);
        }
    }

    private void Finish(in SegmentOperands operands, int first, int rows, int head)
    {
        int stride = SegmentTile.Stride(_headLength);
        for (int row = 0; row < rows; row++)
        {
            kernels.Scale(_sums + (row * stride), 1 / _weight[row], _headLength);
            operands.LogSumExp[((long)(first + row) * operands.Heads) + head] = _max[row] + MathF.Log(_weight[row]);
        }

        operands.Copy(_sums, stride, operands.Y + operands.Query(first, head), operands.QueryWidth, rows);
    }
}
