namespace QwenSharp.Numerics;

/// <summary>
/// One worker's attention of a tile: <see cref="TileRows"/> rows of a segment and one query head, online over tiles of as many keys
/// (FlashAttention, Dao et al., 2022). Scores lie [keys, queries]: so the queries are transposed, once, and keys and values are not,
/// and the softmax of a query runs down a column, with no sums across a vector.
/// </summary>
internal sealed unsafe class SegmentForward(VectorKernels kernels) : IDisposable
{
    /// <summary>Rows of a tile, of queries and of keys.</summary>
    public const int TileRows = 64;

    private readonly TileMemory _memory = new();
    private int _headLength;
    private float* _queries, _keys, _values, _scores, _sums, _max, _weight, _keep;

    /// <summary>Makes room for heads of this length; a call with the length of the one before does nothing.</summary>
    public void Prepare(int headLength)
    {
        if (_headLength == headLength)
            return;

        _headLength = headLength;
        int narrow = TileRows * headLength, wide = TileRows * AttentionTile.Stride(headLength), square = TileRows * TileRows;
        _memory.Reserve(narrow, narrow, wide, wide, square, TileRows, TileRows, TileRows);
        _queries = _memory.Take(narrow);
        _keys = _memory.Take(narrow);
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
        int kvHead = head / operands.Group, padded = kernels.PaddedRows(rows), stride = AttentionTile.Stride(_headLength);
        operands.Transpose(operands.Queries + operands.Query(segment + first, head), operands.QueryWidth, _queries, rows);
        kernels.Scale(_queries, operands.Scale, TileRows * _headLength);
        new Span<float>(_max, TileRows).Fill(float.NegativeInfinity);
        new Span<float>(_weight, TileRows).Clear();

        for (int key = 0; key < first + rows; key += TileRows)
        {
            int keys = Math.Min(TileRows, first + rows - key);
            long from = operands.Key(segment + key, kvHead);
            operands.Copy(operands.Keys + from, operands.KeyWidth, _keys, _headLength, keys);
            operands.Copy(operands.Values + from, operands.KeyWidth, _values, stride, keys);
            kernels.Multiply(_keys, _headLength, 1, _queries, _scores, null, kernels.PaddedRows(keys), _headLength, TileRows);
            if (key == first)
                HideLaterKeys(keys);

            kernels.WeighColumns(_scores, keys, _max, _weight, _keep);
            kernels.Multiply(_scores, 1, TileRows, _values, _sums, key == 0 ? null : _keep, padded, keys, stride);
        }

        Finish(operands, segment + first, rows, head);
    }

    public void Dispose() => _memory.Dispose();

    /// <summary>Tiles of keys begin where tiles of queries do, so only one of them has keys after a query.</summary>
    private void HideLaterKeys(int keys)
    {
        for (int key = 1; key < keys; key++)
            new Span<float>(_scores + (key * TileRows), key).Fill(float.NegativeInfinity);
    }

    private void Finish(in SegmentOperands operands, int first, int rows, int head)
    {
        int stride = AttentionTile.Stride(_headLength);
        for (int row = 0; row < rows; row++)
        {
            kernels.Scale(_sums + (row * stride), 1 / _weight[row], _headLength);
            operands.LogSumExp[((long)(first + row) * operands.Heads) + head] = _max[row] + MathF.Log(_weight[row]);
        }

        operands.Copy(_sums, stride, operands.Y + operands.Query(first, head), operands.QueryWidth, rows);
    }
}
