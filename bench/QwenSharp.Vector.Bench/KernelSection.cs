using QwenSharp.Numerics;

namespace QwenSharp.Vector.Bench;

/// <summary>The pieces of attention by themselves, in calls short enough that another program's time slices do not matter.</summary>
internal static unsafe class KernelSection
{
    public static void Run()
    {
        double peak;
        using (WorkerPool pool = new(1))
            peak = Measure.PeakMacs(pool);

        Console.WriteLine($"one thread: {peak / 1e9:f1} GMAC/s in registers");
        using NativeBuffer buffer = new(1 << 20);
        buffer.Span(0, 1 << 20).Clear();
        float* a = (float*)buffer.Pointer, b = a + 65_536, c = b + 65_536, keep = c + 65_536;
        foreach (Isa isa in InstructionSets.Available)
        {
            VectorKernels kernels = VectorKernels.For(isa);
            foreach (int rows in new[] { 2, 4, 32 })
            {
                double scores = Time(() => kernels.Multiply(a, 128, 1, b, c, null, rows, 128, 32, 32));
                double sums = Time(() => kernels.Multiply(a, 32, 1, b, c, keep, rows, 32, 128, 128));
                double macs = rows * 128.0 * 32;
                Console.WriteLine(
                    $"{isa,-9} {rows,2} queries: scores {scores * 1e6:f2} µs, {macs / scores / peak:p0} of peak; sums {sums * 1e6:f2} "
                        + $"µs, {macs / sums / peak:p0}"
                );
            }

            double widen = Time(() => kernels.Widen((Half*)a, b, 4096, (Half*)a, finite: true));
            double weigh = Time(() => kernels.Weigh(c, 32, a, a + 64, keep));
            GemmKernel tile = GemmKernel.For(isa);
            double product = Time(() => tile.Multiply(a, b, Gemm.DepthSlab, c, tile.Columns, add: true));
            Console.WriteLine(
                $"{isa,-9} a tile of {tile.Rows} × {tile.Columns} sums in the first-level cache: "
                    + $"{tile.Rows * tile.Columns * Gemm.DepthSlab / product / peak:p0} of peak"
            );
            Console.WriteLine(
                $"{isa,-9} widen 4096 halves {widen * 1e9:f0} ns, {8192 / widen / 1e9:f1} GB/s; weights of 32 × 32 scores "
                    + $"{weigh * 1e9:f1} ns"
            );
        }

        static double Time(Action action) => Measure.Best(() =>
        {
            for (int i = 0; i < 20; i++)
                action();
        }, 0.4) / 20;
    }
}
