namespace QwenSharp.Numerics;

public partial class CpuCompute
{
    // Fewer rows than this are stored by the caller in the time that it takes to share them out.
    private const int SharedStoreRows = 8;

    private protected readonly RowTiles _tiles = new();
    private AttentionTile[] _attention = [];
    private NativeBuffer? _parts;

    /// <inheritdoc/>
    public override unsafe void StoreKeysAndValues(
        KvStore store,
        int layer,
        Activations keys,
        Activations values,
        ReadOnlySpan<SequenceRows> sequences)
    {
        int width = store.KvHeads * store.HeadLength;
        if (keys.Width != width || values.Width != width)
        {
            throw new ArgumentException(
                $"Keys of width {keys.Width} and values of width {values.Width} do not fit {store.KvHeads} heads of {store.HeadLength}.",
                nameof(keys));
        }

        int rows = Check(store, layer, sequences, Math.Min(keys.Capacity, values.Capacity));
        _tiles.Cut(sequences, store.KvHeads, KvStore.BlockTokens);
        StoreJob job = new(Vectors, _tiles, store.OnHost(), layer, keys.Pointer, values.Pointer);
        if (rows >= SharedStoreRows)
        {
            Pool.Run(ref job, _tiles.Count);
        }
        else
        {
            for (int tile = 0; tile < _tiles.Count; tile++)
                job.Execute(tile, 0);
        }

        GC.KeepAlive(store);
        GC.KeepAlive(keys);
        GC.KeepAlive(values);
    }

    /// <inheritdoc/>
    public override unsafe void Attend(KvStore store, int layer, Activations queries, ReadOnlySpan<SequenceRows> sequences, Activations y)
    {
        int length = store.HeadLength, group = queries.Width / (length * store.KvHeads);
        if (group == 0 || queries.Width != group * length * store.KvHeads || y.Width != queries.Width || y == queries)
        {
            throw new ArgumentException(
                $"Queries of width {queries.Width} and outputs of width {y.Width} must be two matrices of a multiple of {store.KvHeads} "
                    + $"heads of {length}.",
                nameof(queries));
        }

        Check(store, layer, sequences, Math.Min(queries.Capacity, y.Capacity));
        PrepareAttention(length, group);
        _tiles.Cut(sequences, store.KvHeads, Math.Max(1, AttentionTile.Queries / group));

        // Few tiles for many threads, as when one long sequence decodes: their parts become tasks, merged in a second job.
        bool byParts = Threads > 1 && _tiles.Count < 2 * Threads && _tiles.Parts > _tiles.Count;
        int state = AttentionTile.StateLength(length, group);
        if (byParts)
            EnsureParts((long)_tiles.Parts * state * sizeof(float));

        AttendJob job = new(
            _attention,
            _tiles,
            store.OnHost(),
            layer,
            group,
            queries.Pointer,
            y.Pointer,
            byParts ? (float*)_parts!.Pointer : null,
            state,
            merge: false);
        Pool.Run(ref job, byParts ? _tiles.Parts : _tiles.Count);
        if (byParts)
        {
            job = job.Merging();
            Pool.Run(ref job, _tiles.Count);
        }

        GC.KeepAlive(store);
        GC.KeepAlive(queries);
        GC.KeepAlive(y);
    }

    private static int Check(KvStore store, int layer, ReadOnlySpan<SequenceRows> sequences, int capacity)
    {
        if ((uint)layer >= (uint)store.Layers)
            throw new ArgumentOutOfRangeException(nameof(layer), layer, $"The KV store has {store.Layers} layers.");

        int rows = 0;
        foreach (SequenceRows sequence in sequences)
        {
            if (sequence.FirstRow < 0 || sequence.Rows < 0 || sequence.FirstRow > capacity - sequence.Rows || sequence.FirstPosition < 0)
            {
                throw new ArgumentException(
                    $"Rows {sequence.FirstRow} … +{sequence.Rows} at position {sequence.FirstPosition} are not in a batch of "
                        + $"{capacity} rows.",
                    nameof(sequences));
            }

            int blocks = checked(sequence.FirstPosition + sequence.Rows + KvStore.BlockTokens - 1) / KvStore.BlockTokens;
            if (sequence.Blocks.Length < blocks)
            {
                throw new ArgumentException(
                    $"Position {sequence.FirstPosition + sequence.Rows - 1} needs {blocks} blocks; the sequence has "
                        + $"{sequence.Blocks.Length}.",
                    nameof(sequences));
            }

            foreach (int block in sequence.Blocks.AsSpan(0, blocks))
            {
                if ((uint)block >= (uint)store.Blocks)
                    throw new ArgumentException($"The KV store has {store.Blocks} blocks, and no block {block}.", nameof(sequences));
            }

            rows += sequence.Rows;
        }

        return rows;
    }

    private void PrepareAttention(int headLength, int group)
    {
        if (_attention.Length == 0)
            _attention = [.. Enumerable.Range(0, Threads).Select(_ => new AttentionTile(Vectors))];

        foreach (AttentionTile tile in _attention)
            tile.Prepare(headLength, group);
    }

    private void EnsureParts(long bytes)
    {
        if (_parts is not null && _parts.Length >= bytes)
            return;

        _parts?.Dispose();
        _parts = new NativeBuffer(Math.Max(bytes, 2 * (_parts?.Length ?? 0)));
    }

    private void DisposeAttention()
    {
        foreach (AttentionTile tile in _attention)
            tile.Dispose();

        _parts?.Dispose();
    }
}
