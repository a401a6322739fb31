using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>Tiles of six rows and two vectors of columns: 12 sums, two vectors of B and one element of A fill 16 registers.</summary>
internal sealed unsafe class SixRowKernel<S, V> : GemmKernel
    where S : struct, ISimd<V>
    where V : struct
{
    public override int Rows => 6;

    public override int Columns => 2 * S.Length;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Multiply(float* a, float* b, int depth, float* c, nint stride, bool add)
    {
        V s0L = S.Broadcast(0), s0R = s0L, s1L = s0L, s1R = s0L, s2L = s0L, s2R = s0L;
        V s3L = s0L, s3R = s0L, s4L = s0L, s4R = s0L, s5L = s0L, s5R = s0L;
        float* c1 = c + stride, c2 = c1 + stride, c3 = c2 + stride, c4 = c3 + stride, c5 = c4 + stride;
        S.Prefetch(c);
        S.Prefetch(c1);
        S.Prefetch(c2);
        S.Prefetch(c3);
        S.Prefetch(c4);
        S.Prefetch(c5);

        for (int k = 0; k < depth; k++, a += 6, b += 2 * S.Length)
        {
            V left = S.Load(b), right = S.Load(b + S.Length);
            V x = S.Broadcast(a[0]);
            s0L = S.MultiplyAdd(x, left, s0L);
            s0R = S.MultiplyAdd(x, right, s0R);
            x = S.Broadcast(a[1]);
            s1L = S.MultiplyAdd(x, left, s1L);
            s1R = S.MultiplyAdd(x, right, s1R);
            x = S.Broadcast(a[2]);
            s2L = S.MultiplyAdd(x, left, s2L);
            s2R = S.MultiplyAdd(x, right, s2R);
            x = S.Broadcast(a[3]);
            s3L = S.MultiplyAdd(x, left, s3L);
            s3R = S.MultiplyAdd(x, right, s3R);
            x = S.Broadcast(a[4]);
            s4L = S.MultiplyAdd(x, left, s4L);
            s4R = S.MultiplyAdd(x, right, s4R);
            x = S.Broadcast(a[5]);
            s5L = S.MultiplyAdd(x, left, s5L);
            s5R = S.MultiplyAdd(x, right, s5R);
        }

        if (add)
        {
            (s0L, s0R) = (S.Add(S.Load(c), s0L), S.Add(S.Load(c + S.Length), s0R));
            (s1L, s1R) = (S.Add(S.Load(c1), s1L), S.Add(S.Load(c1 + S.Length), s1R));
            (s2L, s2R) = (S.Add(S.Load(c2), s2L), S.Add(S.Load(c2 + S.Length), s2R));
            (s3L, s3R) = (S.Add(S.Load(c3), s3L), S.Add(S.Load(c3 + S.Length), s3R));
            (s4L, s4R) = (S.Add(S.Load(c4), s4L), S.Add(S.Load(c4 + S.Length), s4R));
            (s5L, s5R) = (S.Add(S.Load(c5), s5L), S.Add(S.Load(c5 + S.Length), s5R));
        }

        S.Store(c, s0L);
        S.Store(c + S.Length, s0R);
        S.Store(c1, s1L);
        S.Store(c1 + S.Length, s1R);
        S.Store(c2, s2L);
        S.Store(c2 + S.Length, s2R);
        S.Store(c3, s3L);
        S.Store(c3 + S.Length, s3R);
        S.Store(c4, s4L);
        S.Store(c4 + S.Length, s4R);
        S.Store(c5, s5L);
        S.Store(c5 + S.Length, s5R);
    }
}
