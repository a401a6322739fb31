namespace QwenSharp.Numerics;

/// <summary>
/// One worker's way back through the attention of a segment and a KV head, with all query heads of that. Nothing of the forward pass is
/// kept
/// but its outputs and the logarithms of its sums: probabilities are computed again, tile by tile (FlashAttention, Dao et al., 2022).
/// With D = Σ dy · y of a query: P = e^(QKᵀ/√n − logSumExp), dV = PᵀdY, dS = P ∘ (dYVᵀ − D), dQ = dS K/√n, dK = dSᵀ Q/√n.
/// All sums run over tiles of keys, then heads, then tiles of queries, each in ascending order.
/// </summary>
internal sealed unsafe class SegmentBackward(VectorKernels kernels) : IDisposable
{
    private const int TileRows = SegmentTile.Rows, ScoreStride = SegmentTile.ScoreStride;

    private readonly TileMemory _memory = new();
    private int _headLength, _columns, _stride;

    // Of a tile of keys: as rows and transposed, and their gradients.
    private float* _keys, _keysAcross, _valuesAcross, _dKeys, _dValues;

    // Of a tile of queries, which are scaled by 1/√n, and the scores of both.
    private float* _queries, _dy, _dQueries, _scores, _dScores;

    // What the sums so far are multiplied with when a product is added.
    private float* _ones;

    /// <summary>Makes room for heads of this length; a call with the length of the one before does nothing.</summary>
    public void Prepare(int headLength)
    {
        if (_headLength == headLength)
            return;

        (_headLength, _columns, _stride) = (headLength, SegmentTile.Columns(headLength), SegmentTile.Stride(headLength));
        int across = headLength * ScoreStride, wide = TileRows * _stride, square = TileRows * ScoreStride;
        _memory.Reserve(across, across, wide, wide, wide, wide, wide, wide, square, square, TileRows);
        _keysAcross = _memory.Take(across);
        _valuesAcross = _memory.Take(across);
        _keys = _memory.Take(wide);
        _dKeys = _memory.Take(wide);
        _dValues = _memory.Take(wide);
        _queries = _memory.Take(wide);
        _dy = _memory.Take(wide);
        _dQueries = _memory.Take(wide);
        _scores = _memory.Take(square);
        _dScores = _memory.Take(square);
        _ones = _memory.Take(TileRows);
        new Span<float>(_ones, TileRows).Fill(1);
    }

    /// <summary>Writes the gradients of a KV head and its query heads, for all rows of a segment.</summary>
    public void Run(in SegmentOperands operands, int segment, int rows, int kvHead)
    {
        int firstHead = kvHead * operands.Group;
        for (int head = firstHead; head < firstHead + operands.Group; head++)
            ClearQueries(operands, segment, rows, head);

        for (int key = 0; key < rows; key += TileRows)
            RunKeys(operands, segment, rows, kvHead, key, addToQueries: true);
    }

    /// <summary>Writes the gradients of a tile of keys and values, and adds to those of the queries if asked to.</summary>
    public void RunKeys(in SegmentOperands operands, int segment, int rows, int kvHead, int key, bool addToQueries)
    {
        int keys = Math.Min(TileRows, rows - key), firstHead = kvHead * operands.Group;
        LoadKeys(operands, segment + key, keys, kvHead);
        new Span<float>(_dKeys, keys * _stride).Clear();
        new Span<float>(_dValues, keys * _stride).Clear();
        for (int head = firstHead; head < firstHead + operands.Group; head++)
        {
            for (int query = key; query < rows; query += TileRows)
            {
                int queries = Math.Min(TileRows, rows - query);
                LoadQueries(operands, segment + query, queries, head);
                DifferentiateScores(operands, segment + query, queries, head, diagonal: query == key);
                AddToKeys(queries, keys, diagonal: query == key);
                if (addToQueries)
                    AddToQueries(operands, segment + query, queries, head, keys, diagonal: query == key);
            }
        }

        long to = operands.Key(segment + key, kvHead);
        operands.Copy(_dKeys, _stride, operands.DKeys + to, operands.KeyWidth, keys);
        operands.Copy(_dValues, _stride, operands.DValues + to, operands.KeyWidth, keys);
    }

    /// <summary>
    /// Writes the gradients of a tile of queries alone, with the operations and the order of <see cref="Run"/>, so to the same bits.
    /// </summary>
    public void RunQueries(in SegmentOperands operands, int segment, int query, int queries, int head)
    {
        ClearQueries(operands, segment + query, queries, head);
        LoadQueries(operands, segment + query, queries, head);
        for (int key = 0; key <= query; key += TileRows)
        {
            int keys = Math.Min(TileRows, query + queries - key);
            LoadKeys(operands, segment + key, keys, head / operands.Group);
            DifferentiateScores(operands, segment + query, queries, head, diagonal: query == key);
            AddToQueries(operands, segment + query, queries, head, keys, diagonal: query == key);
        }
    }

    public void Dispose() => _memory.Dispose();

    private void ClearQueries(in SegmentOperands operands, int row, int rows, int head)
    {
        for (int i = 0; i < rows; i++)
            new Span<float>(operands.DQueries + operands.Query(row + i, head), _headLength).Clear();
    }

    private void LoadKeys(in SegmentOperands operands, int row, int keys, int kvHead)
    {
        long from = operands.Key(row, kvHead);
        operands.Copy(operands.Keys + from, operands.KeyWidth, _keys, _stride, keys);
        operands.Transpose(operands.Keys + from, operands.KeyWidth, _keysAcross, keys);
        operands.Transpose(operands.Values + from, operands.KeyWidth, _valuesAcross, keys);
    }

    private void LoadQueries(in SegmentOperands operands, int row, int rows, int head)
    {
        long from = operands.Query(row, head);
        operands.Copy(operands.Queries + from, operands.QueryWidth, _queries, _stride, rows);
        operands.Copy(operands.DY + from, operands.QueryWidth, _dy, _stride, rows);
        kernels.Scale(_queries, operands.Scale, rows * _stride);
    }

    /// <summary>
    /// P and dS of a tile. What a query does not see is 0 in both. A tile on the diagonal is done in halves: here and below,
    /// the first half of the queries has no product with the second half of the keys.
    /// </summary>
    private void DifferentiateScores(in SegmentOperands operands, int row, int rows, int head, bool diagonal)
    {
        int step = diagonal ? TileRows / 2 : TileRows;
        for (int first = 0; first < rows; first += step)
        {
            int count = Math.Min(step, rows - first), padded = kernels.PaddedRows(count), across = diagonal ? first + step : TileRows;
            float* scores = _scores + (first * ScoreStride), dScores = _dScores + (first * ScoreStride);
            kernels.Multiply(_queries + (first * _stride), _stride, 1, _keysAcross, scores, null, padded, _headLength, across, ScoreStride);
            kernels.Multiply(_dy + (first * _stride), _stride, 1, _valuesAcross, dScores, null, padded, _headLength, across, ScoreStride);
            for (int query = first; query < first + count; query++, scores += ScoreStride, dScores += ScoreStride)
            {
                long at = ((long)(row + query) * operands.Heads) + head;
                kernels.ScoreGradients(scores, dScores, operands.LogSumExp[at], operands.Delta[at], across);
                if (diagonal)
                {
                    new Span<float>(scores + query + 1, across - query - 1).Clear();
                    new Span<float>(dScores + query + 1, across - query - 1).Clear();
                }
            }
        }
    }

    private void AddToKeys(int rows, int keys, bool diagonal)
    {
        int step = diagonal ? TileRows / 2 : TileRows;
        for (int key = 0; key < keys; key += step)
        {
            int padded = kernels.PaddedRows(Math.Min(step, keys - key)),
                first = diagonal ? key : 0,
                at = (first * ScoreStride) + key;
            kernels.Multiply(
                _scores + at,
                1,
                ScoreStride,
                _dy + (first * _stride),
                _dValues + (key * _stride),
                _ones,
                padded,
                rows - first,
                _columns,
                _stride);
            kernels.Multiply(
                _dScores + at,
                1,
                ScoreStride,
                _queries + (first * _stride),
                _dKeys + (key * _stride),
                _ones,
                padded,
                rows - first,
                _columns,
                _stride);
        }
    }

    private void AddToQueries(in SegmentOperands operands, int row, int rows, int head, int keys, bool diagonal)
    {
        int step = diagonal ? TileRows / 2 : TileRows;
        for (int query = 0; query < rows; query += step)
        {
            int count = Math.Min(step, rows - query),
                seen = diagonal ? Math.Min(keys, query + step) : keys;
            kernels.Multiply(
                _dScores + (query * ScoreStride),
                ScoreStride,
                1,
                _keys,
                _dQueries,
                null,
                kernels.PaddedRows(count),
                seen,
                _columns,
                _stride);
            for (int i = 0; i < count; i++)
            {
                kernels.AddScaled(
                    _dQueries + (i * _stride),
                    operands.Scale,
                    operands.DQueries + operands.Query(row + query + i, head),
                    _headLength);
            }
        }
    }
}
