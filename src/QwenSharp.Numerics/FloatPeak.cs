using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace QwenSharp.Numerics;

/// <summary>
/// How fast this machine multiplies and adds: in F32 in registers alone, in BF16 in the loop of a matrix product with both operands in the
/// first-level cache. It bounds training.
/// </summary>
public static class FloatPeak
{
    // Short tasks, so that a thread that is interrupted leaves work to the others, as it does in a matrix product.
    private const int Steps = 100_000, TasksPerThread = 8;

    /// <summary>
    /// Multiplies and adds for a while with all threads and the widest vectors of the processor. All passes count, not the fastest alone:
    /// a matrix product, too, has to live with what others on the machine leave of the processors.
    /// </summary>
    /// <param name="threads">How many threads compute; 0 for one a processor.</param>
    /// <param name="seconds">How long.</param>
    /// <param name="precision">What is multiplied.</param>
    /// <returns>Floating-point operations a second; a fused multiply-add is two.</returns>
    public static double Measure(int threads = 0, double seconds = 0.25, TrainingPrecision precision = TrainingPrecision.F32)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(seconds);
        using WorkerPool pool = new(threads == 0 ? Environment.ProcessorCount : threads);
        using BfloatPeak? pairs = precision == TrainingPrecision.BF16 ? new BfloatPeak() : null;
        Once();
        double operations = 0;
        long start = Stopwatch.GetTimestamp();
        do
            operations += Once();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds);

        return operations / Stopwatch.GetElapsedTime(start).TotalSeconds;

        double Once() => pairs is null ? Pass(pool) : pairs.Pass(pool);
    }

    /// <summary>One pass of all threads, of a few milliseconds.</summary>
    /// <returns>Its operations.</returns>
    internal static double Pass(WorkerPool pool) => InstructionSets.Best switch
    {
        Isa.Avx512 or Isa.Avx512Vnni => Pass<Simd512, Vector512<float>>(pool, sums: 24),
        Isa.Avx2 => Pass<Simd256, Vector256<float>>(pool, sums: 12),
        Isa.Vector128 => Pass<Simd128, Vector128<float>>(pool, sums: AdvSimd.Arm64.IsSupported ? 24 : 12),
        _ => Pass<Simd1, float>(pool, sums: 12),
    };

    private static double Pass<S, V>(WorkerPool pool, int sums)
        where S : struct, ISimd<V>
        where V : struct
    {
        int tasks = pool.Threads * TasksPerThread;
        FmaJob<S, V> job = new(sums);
        pool.Run(ref job, tasks);
        return 2.0 * tasks * Steps * sums * S.Length;
    }

    /// <summary>
    /// As many sums that do not wait for each other as the tiles of a matrix product have (see <see cref="GemmKernel.For"/>).
    /// </summary>
    private struct FmaJob<S, V>(int sums) : IParallelJob
        where S : struct, ISimd<V>
        where V : struct
    {
        // What is computed must be used, or the compiler could leave it out.
        private float _sum;

        public void Execute(int task, int worker) => Interlocked.Exchange(ref _sum, sums == 24 ? TwentyFour() : Twelve());

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float Twelve()
        {
            V x = S.Broadcast(0.9999f), a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (int step = 0; step < Steps; step++)
            {
                a = S.MultiplyAdd(a, x, x);
                b = S.MultiplyAdd(b, x, x);
                c = S.MultiplyAdd(c, x, x);
                d = S.MultiplyAdd(d, x, x);
                e = S.MultiplyAdd(e, x, x);
                f = S.MultiplyAdd(f, x, x);
                g = S.MultiplyAdd(g, x, x);
                h = S.MultiplyAdd(h, x, x);
                i = S.MultiplyAdd(i, x, x);
                j = S.MultiplyAdd(j, x, x);
                k = S.MultiplyAdd(k, x, x);
                l = S.MultiplyAdd(l, x, x);
            }

            return S.Sum(S.Add(Four(a, b, c, d), S.Add(Four(e, f, g, h), Four(i, j, k, l))));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float TwentyFour()
        {
            V x = S.Broadcast(0.9999f), a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            V m = x, n = x, o = x, p = x, q = x, r = x, s = x, t = x, u = x, v = x, w = x, y = x;
            for (int step = 0; step < Steps; step++)
            {
                a = S.MultiplyAdd(a, x, x);
                b = S.MultiplyAdd(b, x, x);
                c = S.MultiplyAdd(c, x, x);
                d = S.MultiplyAdd(d, x, x);
                e = S.MultiplyAdd(e, x, x);
                f = S.MultiplyAdd(f, x, x);
                g = S.MultiplyAdd(g, x, x);
                h = S.MultiplyAdd(h, x, x);
                i = S.MultiplyAdd(i, x, x);
                j = S.MultiplyAdd(j, x, x);
                k = S.MultiplyAdd(k, x, x);
                l = S.MultiplyAdd(l, x, x);
                m = S.MultiplyAdd(m, x, x);
                n = S.MultiplyAdd(n, x, x);
                o = S.MultiplyAdd(o, x, x);
                p = S.MultiplyAdd(p, x, x);
                q = S.MultiplyAdd(q, x, x);
                r = S.MultiplyAdd(r, x, x);
                s = S.MultiplyAdd(s, x, x);
                t = S.MultiplyAdd(t, x, x);
                u = S.MultiplyAdd(u, x, x);
                v = S.MultiplyAdd(v, x, x);
                w = S.MultiplyAdd(w, x, x);
                y = S.MultiplyAdd(y, x, x);
            }

            V first = S.Add(Four(a, b, c, d), S.Add(Four(e, f, g, h), Four(i, j, k, l)));
            return S.Sum(S.Add(first, S.Add(Four(m, n, o, p), S.Add(Four(q, r, s, t), Four(u, v, w, y)))));
        }

        private static V Four(V a, V b, V c, V d) => S.Add(S.Add(a, b), S.Add(c, d));
    }
}
