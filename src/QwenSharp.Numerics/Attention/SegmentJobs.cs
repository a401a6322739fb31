namespace QwenSharp.Numerics;

/// <summary>Attention over packed segments; a task is a tile of rows and one query head.</summary>
internal readonly unsafe struct AttendSegmentsJob(SegmentForward[] workers, RowTiles tiles, SegmentOperands operands) : IParallelJob
{
    private readonly SegmentOperands _operands = operands;

    public void Execute(int task, int worker)
    {
        ref readonly RowTile tile = ref tiles[task];
        workers[worker].Attend(_operands, tiles.Sequence(tile).FirstRow, tile.FirstRow, tile.Rows, tile.Head);
    }
}

/// <summary>The way back; a task is a whole segment and one KV head, so that no two tasks add to the same gradient.</summary>
internal readonly unsafe struct AttendSegmentsBackwardJob(SegmentBackward[] workers, RowTiles segments, SegmentOperands operands)
    : IParallelJob
{
    private readonly SegmentOperands _operands = operands;

    public void Execute(int task, int worker)
    {
        ref readonly RowTile segment = ref segments[task];
        workers[worker].Run(_operands, segments.Sequence(segment).FirstRow, segment.Rows, segment.Head);
    }
}

/// <summary>The way back to keys and values alone; a task is a tile of keys and their KV head.</summary>
internal readonly unsafe struct AttendKeysBackwardJob(SegmentBackward[] workers, RowTiles tiles, SegmentOperands operands) : IParallelJob
{
    private readonly SegmentOperands _operands = operands;

    public void Execute(int task, int worker)
    {
        ref readonly RowTile tile = ref tiles[task];
        ref readonly SequenceRows segment = ref tiles.Sequence(tile);
        workers[worker].RunKeys(_operands, segment.FirstRow, segment.Rows, tile.Head, tile.FirstRow, addToQueries: false);
    }
}

/// <summary>The way back to queries alone; a task is a tile of queries and their head.</summary>
internal readonly unsafe struct AttendQueriesBackwardJob(SegmentBackward[] workers, RowTiles tiles, SegmentOperands operands) : IParallelJob
{
    private readonly SegmentOperands _operands = operands;

    public void Execute(int task, int worker)
    {
        ref readonly RowTile tile = ref tiles[task];
        workers[worker].RunQueries(_operands, tiles.Sequence(tile).FirstRow, tile.FirstRow, tile.Rows, tile.Head);
    }
}

/// <summary>Σ dy · y of each head of a row.</summary>
internal readonly unsafe struct DeltaRows(VectorKernels kernels, float* y, float* dy, float* delta, int heads, int headLength)
    : IRowOperation
{
    public void Execute(int row)
    {
        long at = (long)row * heads;
        for (int head = 0; head < heads; head++)
            delta[at + head] = kernels.Dot(y + ((at + head) * headLength), dy + ((at + head) * headLength), headLength);
    }
}
