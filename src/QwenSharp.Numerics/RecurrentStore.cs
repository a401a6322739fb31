namespace QwenSharp.Numerics;

/// <summary>
/// The states of recurrent layers: one slot a sequence, and in it for each layer the last inputs of the convolution and a state matrix
/// for each head, all F32. Unlike keys and values, a state is that of one position: it goes forward, and back only by a copy made before.
/// A sequence that begins at position 0 needs no cleared slot. Made by <see cref="Compute.CreateRecurrentStore"/>; here is what is known of
/// the slots, in a backend's memory what they hold.
/// </summary>
public abstract class RecurrentStore : IDisposable
{
    private const int Unknown = -1;

    private readonly int[] _positions;

    /// <summary>A store of this shape.</summary>
    /// <param name="shape">The lengths of every recurrent layer.</param>
    /// <param name="layers">Recurrent layers.</param>
    /// <param name="slots">How many slots.</param>
    /// <exception cref="ArgumentException">A number makes no sense.</exception>
    protected RecurrentStore(DeltaNetShape shape, int layers, int slots)
    {
        shape.Validate();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layers);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slots);
        (Shape, Layers, Slots) = (shape, layers, slots);
        _positions = new int[slots];
        Array.Fill(_positions, Unknown);
    }

    /// <summary>The lengths of every recurrent layer.</summary>
    public DeltaNetShape Shape { get; }

    /// <summary>Recurrent layers.</summary>
    public int Layers { get; }

    /// <summary>How many slots there are.</summary>
    public int Slots { get; }

    /// <summary>Bytes of one slot, over all layers.</summary>
    public long SlotBytes => BytesPerSlot(Shape, Layers);

    /// <summary>Bytes that one sequence keeps in <paramref name="layers"/> recurrent layers.</summary>
    public static long BytesPerSlot(DeltaNetShape shape, int layers) => layers * shape.StateLength * sizeof(float);

    /// <summary>How many tokens a slot's state has seen: the position that can follow, besides 0. −1 where none can.</summary>
    public int PositionOf(int slot) => _positions[Require(slot)];

    /// <summary>
    /// Begins a pass over these rows. Until <see cref="Leave"/> their states belong to no position: a pass that fails leaves sequences
    /// that can only begin again.
    /// </summary>
    /// <exception cref="ArgumentException">A slot is not there, is named twice, or its state is not that of the position before a
    /// sequence's rows.</exception>
    public void Enter(ReadOnlySpan<SequenceRows> sequences)
    {
        foreach (SequenceRows sequence in sequences)
        {
            int position = _positions[Require(sequence.Slot)];
            if (sequence.FirstPosition != 0 && sequence.FirstPosition != position)
            {
                throw new ArgumentException(
                    $"The state in slot {sequence.Slot} is {(position == Unknown ? "unknown" : $"that of {position} tokens")}; it cannot "
                        + $"go on at position {sequence.FirstPosition}. "
                    + "Restore a snapshot of that position, or begin at 0.",
                    nameof(sequences));
            }
        }

        for (int i = 0; i < sequences.Length; i++)
        {
            for (int other = 0; other < i; other++)
            {
                if (sequences[other].Slot == sequences[i].Slot)
                {
                    throw new ArgumentException(
                        $"Two sequences of the batch have their state in slot {sequences[i].Slot}.",
                        nameof(sequences));
                }
            }
        }

        foreach (SequenceRows sequence in sequences)
            _positions[sequence.Slot] = Unknown;
    }

    /// <summary>Ends a pass: the states of all layers are now those after these rows.</summary>
    public void Leave(ReadOnlySpan<SequenceRows> sequences)
    {
        foreach (SequenceRows sequence in sequences)
            _positions[sequence.Slot] = sequence.FirstPosition + sequence.Rows;
    }

    /// <summary>Makes one slot's state that of another.</summary>
    public void Copy(int from, int to)
    {
        _positions[Require(to)] = _positions[Require(from)];
        CopyState(from, to);
    }

    /// <summary>A copy of a slot's state, independent of this store.</summary>
    /// <exception cref="InvalidOperationException">The slot holds no state.</exception>
    public RecurrentSnapshot Snapshot(int slot)
    {
        float[] state = new float[checked((int)(SlotBytes / sizeof(float)))];
        return new RecurrentSnapshot(GetType(), Shape, Layers, Read(slot, state), state);
    }

    /// <summary>Makes a slot's state that of a snapshot, taken from this store or another of the same model.</summary>
    /// <exception cref="ArgumentException">The snapshot is that of another model or backend.</exception>
    public void Restore(int slot, RecurrentSnapshot snapshot)
    {
        Require(slot);
        if (snapshot.Shape != Shape || snapshot.Layers != Layers)
        {
            throw new ArgumentException(
                $"The snapshot is of {snapshot.Layers} layers of {snapshot.Shape}; the store has {Layers} of {Shape}.",
                nameof(snapshot));
        }

        if (snapshot.Store != GetType())
            throw new ArgumentException("The snapshot was taken on another backend.", nameof(snapshot));

        WriteState(slot, snapshot.State);
        _positions[slot] = snapshot.Position;
    }

    /// <summary>Reads a slot's state, in the order of this backend.</summary>
    /// <param name="slot">It must hold one.</param>
    /// <param name="state">[<see cref="SlotBytes"/> / 4].</param>
    /// <returns>How many tokens the state has seen.</returns>
    /// <exception cref="InvalidOperationException">The slot holds no state.</exception>
    public int Read(int slot, Span<float> state)
    {
        RequireLength(state.Length);
        int position = PositionOf(slot);
        if (position == Unknown)
            throw new InvalidOperationException($"Slot {slot} holds no state.");

        ReadState(slot, state);
        return position;
    }

    /// <summary>Makes a slot's state one that <see cref="Read"/> gave, of a store of the same backend and model.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="position">How many tokens the state has seen.</param>
    /// <param name="state">[<see cref="SlotBytes"/> / 4].</param>
    public void Write(int slot, int position, ReadOnlySpan<float> state)
    {
        RequireLength(state.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        WriteState(Require(slot), state);
        _positions[slot] = position;
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Copies what one slot holds to another.</summary>
    protected abstract void CopyState(int from, int to);

    /// <summary>Reads what a slot holds, <see cref="SlotBytes"/>, in the order of this backend.</summary>
    protected abstract void ReadState(int slot, Span<float> state);

    /// <summary>Makes a slot hold what <see cref="ReadState"/> gave.</summary>
    protected abstract void WriteState(int slot, ReadOnlySpan<float> state);

    private void RequireLength(int floats)
    {
        if (floats != SlotBytes / sizeof(float))
            throw new ArgumentException($"A state has {SlotBytes / sizeof(float)} numbers, not {floats}.");
    }

    private int Require(int slot) =>
        (uint)slot < (uint)Slots ? slot : throw new ArgumentOutOfRangeException(nameof(slot), slot, $"There are {Slots} slots.");
}

/// <summary>The recurrent state of a sequence after <see cref="Position"/> tokens.</summary>
public sealed class RecurrentSnapshot
{
    internal RecurrentSnapshot(Type store, DeltaNetShape shape, int layers, int position, float[] state) =>
        (Store, Shape, Layers, Position, State) = (store, shape, layers, position, state);

    /// <summary>How many tokens the state has seen: the position that follows.</summary>
    public int Position { get; }

    /// <summary>Bytes that it takes.</summary>
    public long Bytes => (long)State.Length * sizeof(float);

    internal Type Store { get; }

    internal DeltaNetShape Shape { get; }

    internal int Layers { get; }

    internal float[] State { get; }
}
