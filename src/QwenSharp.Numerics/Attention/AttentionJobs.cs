namespace QwenSharp.Numerics;

/// <summary>Stores keys and values; a task is the rows of one block and head.</summary>
internal readonly unsafe struct StoreJob(VectorKernels kernels, RowTiles tiles, HostKvStore store, int layer, float* keys, float* values)
    : IParallelJob
{
    public void Execute(int task, int worker)
    {
        ref readonly RowTile tile = ref tiles[task];
        ref readonly SequenceRows sequence = ref tiles.Sequence(tile);
        int width = store.KvHeads * store.HeadLength, position = sequence.FirstPosition + tile.FirstRow;
        long offset = ((long)(sequence.FirstRow + tile.FirstRow) * width) + (tile.Head * store.HeadLength);
        store.Write(
            kernels,
            layer,
            tile.Head,
            sequence.Blocks[position / KvStore.BlockTokens],
            position % KvStore.BlockTokens,
            tile.Rows,
            keys + offset,
            values + offset,
            width);
    }
}

/// <summary>
/// Attention; a task is a whole tile, or where there is memory for parts, one part of a tile, or then the merging of a tile's parts.
/// </summary>
internal readonly unsafe struct AttendJob(
    AttentionTile[] workers,
    RowTiles tiles,
    HostKvStore store,
    int layer,
    int group,
    float* queries,
    float* y,
    float* parts,
    int state,
    bool merge
) : IParallelJob
{
    private readonly int _width = store.KvHeads * group * store.HeadLength;

    /// <summary>The job that finishes this one, a task for each tile.</summary>
    public AttendJob Merging() => new(workers, tiles, store, layer, group, queries, y, parts, state, merge: true);

    public void Execute(int task, int worker)
    {
        AttentionTile attention = workers[worker];
        int index = parts is null || merge ? task : tiles.TileOfPart(task);
        ref readonly RowTile tile = ref tiles[index];
        ref readonly SequenceRows sequence = ref tiles.Sequence(tile);
        long offset = ((long)(sequence.FirstRow + tile.FirstRow) * _width) + ((long)tile.Head * group * store.HeadLength);
        attention.Load(queries + offset, _width, tile.Rows, sequence.FirstPosition + tile.FirstRow);

        if (parts is not null && !merge)
        {
            attention.AttendPart(store, layer, tile.Head, sequence.Blocks, task - tile.FirstPart, Part(attention, task));
            return;
        }

        Softmax total = merge ? Part(attention, tile.FirstPart) : attention.Total;
        for (int part = 0; part < tiles.PartsOf(tile); part++)
        {
            Softmax sums = merge ? Part(attention, tile.FirstPart + part) : part == 0 ? total : attention.Part;
            if (!merge)
                attention.AttendPart(store, layer, tile.Head, sequence.Blocks, part, sums);

            if (part > 0)
                attention.Merge(total, sums);
        }

        attention.Finish(total, y + offset, _width);
    }

    private Softmax Part(AttentionTile attention, int part) => attention.Total.At(parts + ((long)part * state));
}
