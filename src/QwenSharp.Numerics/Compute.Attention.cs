namespace QwenSharp.Numerics;

/// <summary>The rows of one sequence in a batch, and where its keys, values and states are kept.</summary>
/// <param name="FirstRow">The sequence's first row in the batch.</param>
/// <param name="Rows">How many consecutive rows are its.</param>
/// <param name="FirstPosition">The position of the first of these rows in the sequence; earlier positions are already stored.</param>
/// <param name="Blocks">Block numbers of the KV store: position p lies in block Blocks[p / BlockTokens].</param>
/// <param name="Slot">Where the states of recurrent layers are, if the model has such.</param>
public readonly record struct SequenceRows(int FirstRow, int Rows, int FirstPosition, int[] Blocks, int Slot = 0);

public sealed partial class Compute
{
    // Fewer rows than this are stored by the caller in the time that it takes to share them out.
    private const int SharedStoreRows = 8;

    private readonly RowTiles _tiles = new();
    private AttentionTile[] _attention = [];
    private NativeBuffer? _parts;

    /// <summary>
    /// Stores keys and values of new positions, rounding to the store's type (F16 to nearest even, saturating at ±65504).
    /// </summary>
    /// <param name="store">Where to.</param>
    /// <param name="layer">The attention layer.</param>
    /// <param name="keys">[rows, kvHeads × headLength].</param>
    /// <param name="values">[rows, kvHeads × headLength].</param>
    /// <param name="sequences">Which rows belong to which sequence.</param>
    /// <exception cref="ArgumentException">Widths do not fit the store, or a sequence's rows or blocks are not there.</exception>
    public unsafe void StoreKeysAndValues(
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
        StoreJob job = new(Vectors, _tiles, store, layer, keys.Pointer, values.Pointer);
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

    /// <summary>
    /// Causal softmax attention with grouped queries (GQA, Ainslie et al., 2023): query head h reads KV head h / (heads / kvHeads);
    /// y = Σₚ softmax(q·kₚ / √headLength) vₚ over the positions p up to the row's own.
    /// A row's result is the same to the bit whatever else is in the batch, and however the sequence was cut into batches.
    /// </summary>
    /// <param name="store">Keys and values, the rows' own included.</param>
    /// <param name="layer">The attention layer.</param>
    /// <param name="queries">[rows, heads × headLength].</param>
    /// <param name="sequences">Which rows belong to which sequence.</param>
    /// <param name="y">[rows, heads × headLength]; not the queries.</param>
    /// <exception cref="ArgumentException">Widths do not fit the store, or a sequence's rows or blocks are not there.</exception>
    public unsafe void Attend(KvStore store, int layer, Activations queries, ReadOnlySpan<SequenceRows> sequences, Activations y)
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
            store,
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
