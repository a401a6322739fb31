namespace QwenSharp.Numerics.Tests;

/// <summary>Which position a state is that of, and that it can be copied, kept and brought back.</summary>
public class RecurrentStoreTests
{
    private static readonly DeltaNetShape _shape = new(1, 2, 8, 8, 4);

    [Fact]
    public void A_state_goes_on_at_its_position_or_begins_again()
    {
        using HostRecurrentStore store = new(_shape, layers: 1, slots: 2);
        Assert.Equal(-1, store.PositionOf(0));
        Pass(store, position: 0, rows: 5);
        Assert.Equal(5, store.PositionOf(0));
        Pass(store, position: 5, rows: 1);
        Assert.Throws<ArgumentException>(() => Pass(store, position: 5, rows: 1));
        Assert.Throws<ArgumentException>(() => Pass(store, position: 7, rows: 1));
        Pass(store, position: 0, rows: 2);
        Assert.Equal(2, store.PositionOf(0));
        Assert.Equal(-1, store.PositionOf(1));
    }

    [Fact]
    public void A_pass_that_fails_leaves_a_state_that_can_only_begin_again()
    {
        using HostRecurrentStore store = new(_shape, layers: 1, slots: 1);
        Pass(store, position: 0, rows: 5);
        store.Enter([new SequenceRows(0, 1, 5, [])]);
        Assert.Equal(-1, store.PositionOf(0));
        Assert.Throws<ArgumentException>(() => Pass(store, position: 5, rows: 1));
        Assert.Throws<InvalidOperationException>(() => store.Snapshot(0));
        Pass(store, position: 0, rows: 1);
    }

    [Fact]
    public void A_refused_batch_changes_nothing()
    {
        using HostRecurrentStore store = new(_shape, layers: 1, slots: 2);
        Pass(store, position: 0, rows: 5);
        Assert.Throws<ArgumentException>(() => store.Enter([new SequenceRows(0, 1, 5, []), new SequenceRows(1, 1, 0, [])]));
        Assert.Throws<ArgumentException>(() => store.Enter([new SequenceRows(0, 1, 5, []), new SequenceRows(1, 1, 3, [], Slot: 1)]));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            store.Enter([new SequenceRows(0, 1, 5, []), new SequenceRows(1, 1, 0, [], Slot: 2)]));
        Assert.Equal(5, store.PositionOf(0));
    }

    [Fact]
    public void A_slot_has_the_bytes_that_are_promised()
    {
        // Three inputs of 2·8 + 16 channels and two states of 8 × 8, whose columns are padded to 32.
        using HostRecurrentStore store = new(_shape, layers: 3, slots: 1);
        Assert.Equal(3 * ((3 * 32) + (2 * 8 * 32)) * sizeof(float), store.SlotBytes);
        Assert.Equal(store.SlotBytes, RecurrentStore.BytesPerSlot(_shape, 3));
    }

    [Fact]
    public void Copies_and_snapshots_go_on_as_the_original_does()
    {
        using CpuCompute compute = new(2);
        using HostRecurrentStore store = new(_shape, layers: 2, slots: 3), other = new(_shape, layers: 2, slots: 1);
        Step(compute, store, slot: 0, position: 0, rows: 7);
        store.Copy(0, 2);
        RecurrentSnapshot snapshot = store.Snapshot(0);
        Assert.Equal(7, snapshot.Position);
        Assert.Equal(store.SlotBytes, snapshot.Bytes);

        float[][] expected = Step(compute, store, slot: 0, position: 7, rows: 9);
        Assert.Equal(expected, Step(compute, store, slot: 2, position: 7, rows: 9));
        store.Restore(0, snapshot);
        Assert.Equal(expected, Step(compute, store, slot: 0, position: 7, rows: 9));
        other.Restore(0, snapshot);
        Assert.Equal(expected, Step(compute, other, slot: 0, position: 7, rows: 9));
    }

    [Fact]
    public void A_snapshot_of_another_shape_is_refused()
    {
        using HostRecurrentStore store = new(_shape, layers: 1, slots: 1), deeper = new(_shape, layers: 2, slots: 1);
        Pass(store, position: 0, rows: 1);
        Assert.Throws<ArgumentException>(() => deeper.Restore(0, store.Snapshot(0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Restore(1, store.Snapshot(0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Copy(0, 1));
    }

    private static void Pass(RecurrentStore store, int position, int rows)
    {
        SequenceRows[] sequences = [new(0, rows, position, [])];
        store.Enter(sequences);
        store.Leave(sequences);
    }

    /// <summary>Takes both layers over rows whose inputs depend on their position alone.</summary>
    private static float[][] Step(CpuCompute compute, RecurrentStore store, int slot, int position, int rows)
    {
        SequenceRows[] sequences = [new(0, rows, position, [], slot)];
        float[] taps = Kernels.Random(_shape.ConvolutionWidth * _shape.Taps, 1);
        Tensor weights = Tensor.Copy(
            "taps",
            TensorType.F32,
            [_shape.ConvolutionWidth, _shape.Taps],
            System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(taps));
        store.Enter(sequences);
        float[][] outputs =
        [
            .. Enumerable
                .Range(0, store.Layers)
                .SelectMany(layer =>
                {
                    using HostActivations x = Kernels.Matrix(rows, _shape.ConvolutionWidth, 100 * (layer + 1) + position),
                        y = new(rows, _shape.ConvolutionWidth);
                    using HostActivations a = Kernels.Matrix(rows, _shape.ValueHeads, position),
                        b = Kernels.Matrix(rows, _shape.ValueHeads, position + 50),
                        o = new(rows, _shape.ValueWidth);
                    compute.Convolve(store, layer, x, weights, sequences, y);
                    compute.DeltaRule(
                        store,
                        layer,
                        y,
                        a,
                        b,
                        Kernels.Weights(-0.3f, -0.1f),
                        Kernels.Weights(0.5f, -0.5f),
                        1e-6f,
                        sequences,
                        o);
                    return Enumerable.Range(0, rows).Select(row => o.Row(row).ToArray()).ToArray();
                }),
        ];
        store.Leave(sequences);
        return outputs;
    }
}
