using QwenSharp.Numerics;

namespace QwenSharp.Vector.Bench;

/// <summary>
/// The way back: attention over segments against the peak of multiply-adds, operations on rows and the optimiser in bytes a second.
/// </summary>
internal static class GradientSection
{
    public static void Run()
    {
        foreach (int threads in new[] { 1, Environment.ProcessorCount })
        {
            double peak;
            using (WorkerPool pool = new(threads))
                peak = 2 * Measure.PeakMacs(pool);

            Console.WriteLine($"{threads} threads: {peak / 1e9:f1} GFLOP/s in registers");
            // Few heads: a call of a few milliseconds is seldom interrupted by another program.
            foreach (
                (int rows, int segment, int heads, int kvHeads, int length) in new[]
                {
                    (256, 128, 4, 2, 32),
                    (256, 128, 2, 1, 64),
                    (256, 256, 2, 1, 64),
                    (512, 512, 2, 1, 64),
                    (256, 256, 2, 1, 128),
                    (512, 512, 2, 1, 128),
                    (1024, 1024, 2, 1, 128),
                })
            {
                Attention(threads, peak, rows, segment, heads, kvHeads, length);
            }

            if (threads == 1)
                Kernels(peak);

            Rows(threads);
        }
    }

    /// <summary>The pieces of attention by themselves, in tiles that lie in the caches.</summary>
    private static unsafe void Kernels(double peak)
    {
        const int Rows = SegmentTile.Rows, Across = SegmentTile.ScoreStride;
        VectorKernels kernels = VectorKernels.For(InstructionSets.Best);
        foreach (int length in new[] { 32, 64, 128 })
        {
            int columns = SegmentTile.Columns(length), stride = SegmentTile.Stride(length);
            using TileMemory memory = new();
            memory.Reserve(Rows * stride, length * Across, Rows * Across, Rows * stride, Rows);
            float* a = memory.Take(Rows * stride),
                across = memory.Take(length * Across),
                scores = memory.Take(Rows * Across),
                c = memory.Take(Rows * stride),
                ones = memory.Take(Rows);
            SegmentOperands operands = new() { HeadLength = length };
            double tile = 2.0 * Rows * Rows * length;
            Product("scores", () => kernels.Multiply(a, stride, 1, across, scores, null, Rows, length, Rows, Across));
            Product("sums", () => kernels.Multiply(scores, Across, 1, a, c, null, Rows, Rows, columns, stride));
            Product("transposed sums", () => kernels.Multiply(scores, 1, Across, a, c, ones, Rows, Rows, columns, stride));
            Piece("copy", () => operands.Copy(a, stride, c, stride, Rows));
            Piece("transpose", () => operands.Transpose(a, stride, across, Rows));
            Piece("weights", () => kernels.WeighColumns(scores, Rows, Rows, ones, c, c + Rows));
            Piece("gradients of scores", () =>
            {
                for (int row = 0; row < Rows; row++)
                    kernels.ScoreGradients(scores + (row * Across), a + (row * Across), 1, 1, Rows);
            });

            void Product(string what, Action action) =>
                Console.WriteLine($"  {length,3} {what}: {tile / Seconds(action) / peak:p0} of peak");
            void Piece(string what, Action action) =>
                Console.WriteLine($"  {length,3} {what}: as long as {Seconds(action) / (tile / peak):p0} of a product at peak");
        }

        static double Seconds(Action action) => Measure.Best(() =>
        {
            for (int i = 0; i < 10; i++)
                action();
        }, 0.3) / 10;
    }

    private static void Attention(int threads, double peak, int rows, int segment, int heads, int kvHeads, int length)
    {
        using TrainingCompute compute = new(threads);
        using HostActivations q = Random(rows, heads * length),
            k = Random(rows, kvHeads * length),
            v = Random(rows, kvHeads * length),
            dy = Random(rows, heads * length);
        using HostActivations y = new(rows, heads * length),
            sums = new(rows, heads),
            dq = new(rows, heads * length),
            dk = new(rows, kvHeads * length),
            dv = new(rows, kvHeads * length);
        int[] segments = [.. Enumerable.Range(0, (rows / segment) + 1).Select(i => i * segment)];
        double forward = Measure.Best(() => compute.AttendSegments(q, k, v, segments, length, y, sums), 1);
        double backward = Measure.Best(() => compute.AttendSegmentsBackward(q, k, v, y, sums, dy, segments, length, dq, dk, dv), 1);

        // Half of all pairs are seen: two products of a pair forward, five back.
        double pairs = (double)rows * segment / 2 * heads, operations = 2 * pairs * length;
        Console.WriteLine(
            $"  {rows / segment,2} × {segment,4} rows, {heads,2}/{kvHeads} heads of {length,3}: forward "
                + $"{2 * operations / forward / 1e9,6:f1} GFLOP/s, {2 * operations / forward / peak:p0} of peak; "
                + $"back {5 * operations / backward / 1e9,6:f1} GFLOP/s, {5 * operations / backward / peak:p0}");
    }

    private static void Rows(int threads)
    {
        using TrainingCompute compute = new(threads);
        const int Count = 2048,
            Width = 1024;
        using HostActivations x = Random(Count, Width),
            dy = Random(Count, Width),
            a = new(Count, Width),
            b = new(Count, Width),
            sum = new(1, Width),
            head = new(1, 128),
            rotations = new(Count, 128);
        compute.FillRotations(RotaryEmbedding.Create(64, 10_000), [.. Enumerable.Range(0, Count)], rotations);
        Tensor weight = Tensor.Over("w", TensorType.F32, [Width], new NativeBuffer(Width * sizeof(float))),
            headWeight = weight.Slice(0, [128]);
        int[] ids = [.. Enumerable.Range(0, Count).Select(row => row * 7919 % Count)];
        Print("RMSNorm", 4, () => compute.RmsNormBackward(x, Count, weight, 1e-6f, dy, a, sum));
        Print(
            "QK-norm and rotation",
            3,
            () => compute.NormalizeAndRotateBackward(x, Count, 128, headWeight, 1e-6f, rotations, dy, a, head));
        Print("SwiGLU", 5, () => compute.SwiGluBackward(x, x, Count, dy, a, b));
        Print("sum of rows", 1, () => compute.SumRows(dy, Count, sum));
        Print("embedding", 3, () => compute.EmbedBackward(ids, dy, a));
        Print("AdamW", 7, () => compute.AdamW(a, dy, b, x, new AdamWStep(1e-3f, 0.9f, 0.95f, 1e-8f, 0.1f, 1, 1)));
        Print("sum of squares", 1, () => compute.SumOfSquares(dy));
        Print("dropout", 2, () => compute.Dropout(dy, Count, 0.1f, 1, a));

        foreach (int vocabulary in new[] { 4096, 151_936 })
        {
            int rows = (8 << 20) / vocabulary;
            using HostActivations logits = Random(rows, vocabulary);
            int[] targets = new int[rows];
            float[] weights = [.. Enumerable.Repeat(1f, rows)];
            double seconds = Measure.Best(() => compute.CrossEntropy(logits, rows, targets, weights, 1, gradient: true), 1);
            Console.WriteLine($"  cross-entropy of {vocabulary}: {rows * (double)vocabulary / seconds / 1e9:f2} G logits/s");
        }

        static void Print(string what, int passes, Action action) =>
            Console.WriteLine($"  {what}: {(double)passes * Count * Width * sizeof(float) / Measure.Best(action, 0.4) / 1e9:f1} GB/s");
    }

    private static HostActivations Random(int rows, int width)
    {
        Random random = new(1);
        HostActivations matrix = new(rows, width);
        for (int row = 0; row < rows; row++)
        {
            foreach (ref float value in matrix.Row(row))
                value = random.NextSingle() - 0.5f;
        }

        return matrix;
    }
}
