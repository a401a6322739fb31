using QwenSharp.Numerics;

namespace QwenSharp.Models.Tests;

/// <summary>
/// A backend whose memory no host code can reach: what it makes is handles, and only its own operations get behind them. Each one does what
/// the processor does, so that a model's results have the processor's bits if, and only if, its pass goes through the operations alone.
/// </summary>
internal sealed class DetachedCompute(int threads) : Compute
{
    private readonly CpuCompute _cpu = new(threads);

    /// <summary>Operations so far, by name.</summary>
    public Dictionary<string, int> Operations { get; } = [];

    public override Activations CreateActivations(int capacity, int width) => new Matrix(_cpu.CreateActivations(capacity, width));

    public override KvStore CreateKvStore(TensorType type, int layers, int kvHeads, int headLength, int blocks) =>
        new Cache(_cpu.CreateKvStore(type, layers, kvHeads, headLength, blocks));

    public override RecurrentStore CreateRecurrentStore(DeltaNetShape shape, int layers, int slots) =>
        new States(_cpu.CreateRecurrentStore(shape, layers, slots));

    /// <summary>Reads a result back.</summary>
    public static float[] Read(Activations x, int row) => Inside(x).Row(row).ToArray();

    public override void Dispose() => _cpu.Dispose();

    protected override void ProjectCore(Activations x, int rows, ReadOnlySpan<Projection> outputs)
    {
        Count(nameof(Project));
        Projection[] inside = new Projection[outputs.Length];
        for (int i = 0; i < inside.Length; i++)
            inside[i] = outputs[i] with { Output = Inside(outputs[i].Output) };

        _cpu.Project(Inside(x), rows, inside);
    }

    public override void Embed(Tensor table, ReadOnlySpan<int> ids, Activations y, int first = 0)
    {
        Count(nameof(Embed));
        _cpu.Embed(table, ids, Inside(y), first);
    }

    public override void RmsNorm(Activations x, int rows, Tensor weight, float epsilon, Activations y)
    {
        Count(nameof(RmsNorm));
        _cpu.RmsNorm(Inside(x), rows, weight, epsilon, Inside(y));
    }

    public override void SwiGlu(Activations gate, Activations up, int rows, Activations y)
    {
        Count(nameof(SwiGlu));
        _cpu.SwiGlu(Inside(gate), Inside(up), rows, Inside(y));
    }

    public override void MultiplyBySigmoid(Activations gate, int rows, Activations y)
    {
        Count(nameof(MultiplyBySigmoid));
        _cpu.MultiplyBySigmoid(Inside(gate), rows, Inside(y));
    }

    public override void KeepRows(Activations x, ReadOnlySpan<int> rows)
    {
        Count(nameof(KeepRows));
        _cpu.KeepRows(Inside(x), rows);
    }

    public override void JoinRows(Activations first, Activations second, int rows, Activations y)
    {
        Count(nameof(JoinRows));
        _cpu.JoinRows(Inside(first), Inside(second), rows, Inside(y));
    }

    public override void FillRotations(RotaryEmbedding embedding, ReadOnlySpan<int> positions, Activations rotations)
    {
        Count(nameof(FillRotations));
        _cpu.FillRotations(embedding, positions, Inside(rotations));
    }

    public override void FillRotations(RotaryEmbedding embedding, ReadOnlySpan<GridPosition> positions, Activations rotations)
    {
        Count(nameof(FillRotations));
        _cpu.FillRotations(embedding, positions, Inside(rotations));
    }

    public override void NormalizeAndRotate(
        Activations x, int rows, int headLength, Tensor? normWeight, float epsilon, Activations rotations)
    {
        Count(nameof(NormalizeAndRotate));
        _cpu.NormalizeAndRotate(Inside(x), rows, headLength, normWeight, epsilon, Inside(rotations));
    }

    public override void SplitHeads(Activations x, int rows, int headLength, Activations first, Activations second)
    {
        Count(nameof(SplitHeads));
        _cpu.SplitHeads(Inside(x), rows, headLength, Inside(first), Inside(second));
    }

    public override void StoreKeysAndValues(
        KvStore store, int layer, Activations keys, Activations values, ReadOnlySpan<SequenceRows> sequences)
    {
        Count(nameof(StoreKeysAndValues));
        _cpu.StoreKeysAndValues(((Cache)store).Inside, layer, Inside(keys), Inside(values), sequences);
    }

    public override void Attend(KvStore store, int layer, Activations queries, ReadOnlySpan<SequenceRows> sequences, Activations y)
    {
        Count(nameof(Attend));
        _cpu.Attend(((Cache)store).Inside, layer, Inside(queries), sequences, Inside(y));
    }

    public override void Convolve(
        RecurrentStore store, int layer, Activations x, Tensor taps, ReadOnlySpan<SequenceRows> sequences, Activations y)
    {
        Count(nameof(Convolve));
        _cpu.Convolve(((States)store).Inside, layer, Inside(x), taps, sequences, Inside(y));
    }

    public override void DeltaRule(
        RecurrentStore store, int layer, Activations convolved, Activations a, Activations b, Tensor rate, Tensor bias, float epsilon,
        ReadOnlySpan<SequenceRows> sequences, Activations y)
    {
        Count(nameof(DeltaRule));
        _cpu.DeltaRule(
            ((States)store).Inside, layer, Inside(convolved), Inside(a), Inside(b), rate, bias, epsilon, sequences, Inside(y));
    }

    public override void NormalizeGated(Activations x, int rows, Tensor weight, float epsilon, Activations gate)
    {
        Count(nameof(NormalizeGated));
        _cpu.NormalizeGated(Inside(x), rows, weight, epsilon, Inside(gate));
    }

    public override void Route(Activations scores, int rows, ExpertRouting routing)
    {
        Count(nameof(Route));
        _cpu.Route(Inside(scores), rows, routing);
    }

    public override void Gather(Activations x, ReadOnlySpan<int> rows, Activations y)
    {
        Count(nameof(Gather));
        _cpu.Gather(Inside(x), rows, Inside(y));
    }

    public override void AddWeighted(Activations x, ReadOnlySpan<int> picks, ReadOnlySpan<float> weights, int each, Activations y)
    {
        Count(nameof(AddWeighted));
        _cpu.AddWeighted(Inside(x), picks, weights, each, Inside(y));
    }

    public override void ScaleBySigmoid(Activations x, Activations gate, int rows)
    {
        Count(nameof(ScaleBySigmoid));
        _cpu.ScaleBySigmoid(Inside(x), Inside(gate), rows);
    }

    private static Activations Inside(Activations matrix) => ((Matrix)matrix).Inside;

    private void Count(string operation) => Operations[operation] = Operations.GetValueOrDefault(operation) + 1;

    private sealed class Matrix(Activations inside) : Activations(inside.Capacity, inside.Width)
    {
        public Activations Inside => inside;

        public override Span<float> Row(int row) => throw new InvalidOperationException("Host code asks for a row within a pass.");

        public override void Dispose() => inside.Dispose();
    }

    private sealed class Cache(KvStore inside) : KvStore(inside.Type, inside.Layers, inside.KvHeads, inside.HeadLength, inside.Blocks)
    {
        public KvStore Inside => inside;

        public override int StoredBytes => inside.StoredBytes;

        public override void Dispose() => inside.Dispose();

        protected override void ReadBlock(int block, Span<byte> bytes) => inside.Read(block, bytes);

        protected override void WriteBlock(int block, ReadOnlySpan<byte> bytes) => inside.Write(block, bytes);

        protected override void CopyBlock(int from, int to) => inside.Copy(from, to);
    }

    private sealed class States(RecurrentStore inside) : RecurrentStore(inside.Shape, inside.Layers, inside.Slots)
    {
        public RecurrentStore Inside => inside;

        public override void Dispose() => inside.Dispose();

        protected override void CopyState(int from, int to) => inside.Copy(from, to);

        protected override void ReadState(int slot, Span<float> state) => throw new NotSupportedException();

        protected override void WriteState(int slot, ReadOnlySpan<float> state) => throw new NotSupportedException();
    }
}
