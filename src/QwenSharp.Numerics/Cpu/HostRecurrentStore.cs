namespace QwenSharp.Numerics;

/// <summary>Recurrent states in the host's memory, slot by slot.</summary>
internal sealed unsafe class HostRecurrentStore : RecurrentStore
{
    private readonly NativeBuffer _buffer;

    /// <summary>Reserves <paramref name="slots"/> slots; pages cost memory once they are written.</summary>
    public HostRecurrentStore(DeltaNetShape shape, int layers, int slots)
        : base(shape, layers, slots) => _buffer = new NativeBuffer(checked(slots * SlotBytes));

    /// <inheritdoc/>
    public override void Dispose() => _buffer.Dispose();

    /// <summary>The last inputs of a layer's convolution, oldest first: [taps − 1, convolutionWidth].</summary>
    internal float* Inputs(int slot, int layer) => Slot(slot) + (layer * Shape.StateLength);

    /// <summary>A tile of a head's state matrix: [keyLength, <see cref="DeltaNetShape.TileColumns"/>].</summary>
    internal float* Tile(int slot, int layer, int head, int tile) =>
        Inputs(slot, layer) + Shape.ConvolutionLength + ((long)head * Shape.HeadStateLength) + ((long)tile * Shape.TileLength);

    /// <inheritdoc/>
    protected override void CopyState(int from, int to) => Buffer.MemoryCopy(Slot(from), Slot(to), SlotBytes, SlotBytes);

    /// <inheritdoc/>
    protected override void ReadState(int slot, Span<float> state) => new ReadOnlySpan<float>(Slot(slot), state.Length).CopyTo(state);

    /// <inheritdoc/>
    protected override void WriteState(int slot, ReadOnlySpan<float> state) => state.CopyTo(new Span<float>(Slot(slot), state.Length));

    private float* Slot(int slot) => (float*)(_buffer.Pointer + (slot * SlotBytes));
}
