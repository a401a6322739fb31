using QwenSharp.Numerics;

namespace QwenSharp.Vector.Bench;

/// <summary>Attention in the shapes of Qwen3-0.6B (16 heads on 8) and 4B (32 on 8), heads of 128.</summary>
internal static class AttentionSection
{
    private const int Length = 128, KvHeads = 8;

    public static void Decode()
    {
        // All layers in turn, so that keys and values come from memory and not from a cache. The best call counts: it is short enough not
        // to be interrupted.
        const int Layers = 28, Context = 4096;
        foreach (int threads in new[] { 1, 2 })
        {
            double bandwidth;
            using (WorkerPool pool = new(threads))
                bandwidth = Measure.ReadBandwidth(pool);

            foreach ((TensorType type, int heads) in new[]
                {
                    (TensorType.F16, 16),
                    (TensorType.F16, 32),
                    (TensorType.BF16, 16),
                    (TensorType.BF16, 32),
                    (TensorType.Q8_0, 16),
                    (TensorType.Q8_0, 32),
                    (TensorType.F32, 16),
                })
            {
                using CpuCompute compute = new(threads);
                using KvStore store = compute.CreateKvStore(type, Layers, KvHeads, Length, Context / KvStore.BlockTokens);
                int[] blocks = Fill(compute, store, Context);
                using HostActivations queries = Random(1, heads * Length), y = new(1, heads * Length);
                SequenceRows[] step = [new(0, 1, Context - 1, blocks)];
                int layer = 0;
                double seconds = Measure.Best(() => compute.Attend(store, layer++ % Layers, queries, step, y), 2);
                double read = store.Blocks * store.BlockBytes / Layers / seconds;
                Console.WriteLine(
                    $"decode at {Context}, {type}, {heads}/{KvHeads} heads, {threads} threads: {seconds * 1e3:f3} ms a layer, "
                        + $"{read / 1e9:f1} GB/s = {read / bandwidth:p0} of {bandwidth / 1e9:f1}"
                );
            }
        }
    }

    public static void Prefill()
    {
        // One KV head with its group: a call short enough that other programs do not interrupt all of them.
        const int KvHeads = 1;
        foreach (int threads in new[] { 1, 2 })
        {
            double peak;
            using (WorkerPool pool = new(threads))
                peak = Measure.PeakMacs(pool);

            foreach (
                (TensorType type, int heads, int context) in new[]
                {
                    (TensorType.F16, 2, 512),
                    (TensorType.F16, 4, 512),
                    (TensorType.BF16, 2, 512),
                    (TensorType.Q8_0, 2, 512),
                    (TensorType.F32, 2, 512),
                    (TensorType.F16, 2, 4096),
                })
            {
                const int Rows = 512;
                using CpuCompute compute = new(threads);
                using KvStore store = compute.CreateKvStore(type, 1, KvHeads, Length, context / KvStore.BlockTokens);
                int[] blocks = Fill(compute, store, context);
                using HostActivations queries = Random(Rows, heads * Length),
                    y = new(Rows, heads * Length),
                    keys = Random(Rows, KvHeads * Length);
                SequenceRows[] step = [new(0, Rows, context - Rows, blocks)];
                double seconds = Measure.Best(() => compute.Attend(store, 0, queries, step, y), 3);
                double storing = Measure.Best(() => compute.StoreKeysAndValues(store, 0, keys, keys, step));
                double macs = 2.0 * heads * Length * Enumerable.Range(context - Rows, Rows).Sum(position => position + 1.0) / seconds;
                Console.WriteLine(
                    $"prefill {Rows} of {context}, {type}, {heads}/{KvHeads} heads, {threads} threads: {seconds * 1e3:f2} ms, "
                        + $"{macs / 1e9:f1} GMAC/s = {macs / peak:p0} of {peak / 1e9:f1}; storing {storing * 1e3:f3} ms"
                );
            }
        }
    }

    private static int[] Fill(CpuCompute compute, KvStore store, int context)
    {
        int[] blocks = [.. Enumerable.Range(0, store.Blocks)];
        new Random(1).Shuffle(blocks);
        using HostActivations rows = Random(256, store.KvHeads * Length);
        for (int layer = 0; layer < store.Layers; layer++)
        {
            for (int position = 0; position < context; position += 256)
                compute.StoreKeysAndValues(store, layer, rows, rows, [new(0, 256, position, blocks)]);
        }

        return blocks;
    }

    private static HostActivations Random(int rows, int width)
    {
        Random random = new(2);
        HostActivations matrix = new(rows, width);
        for (int row = 0; row < rows; row++)
        {
            foreach (ref float value in matrix.Row(row))
                value = (2 * random.NextSingle()) - 1;
        }

        return matrix;
    }
}
