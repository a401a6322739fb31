using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>Tiles of twelve rows and two vectors of columns: 24 sums, for processors with 32 registers.</summary>
internal sealed unsafe class TwelveRowKernel<S, V> : GemmKernel
    where S : struct, ISimd<V>
    where V : struct
{
    public override int Rows => 12;

    public override int Columns => 2 * S.Length;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Multiply(float* a, float* b, int depth, float* c, nint stride, bool add)
    {
        V s0L = S.Broadcast(0), s0R = s0L, s1L = s0L, s1R = s0L, s2L = s0L, s2R = s0L;
        V s3L = s0L, s3R = s0L, s4L = s0L, s4R = s0L, s5L = s0L, s5R = s0L;
        V s6L = s0L, s6R = s0L, s7L = s0L, s7R = s0L, s8L = s0L, s8R = s0L;
        V s9L = s0L, s9R = s0L, s10L = s0L, s10R = s0L, s11L = s0L, s11R = s0L;
        float* c1 = c + stride, c2 = c1 + stride, c3 = c2 + stride, c4 = c3 + stride, c5 = c4 + stride;
        float* c6 = c5 + stride, c7 = c6 + stride, c8 = c7 + stride, c9 = c8 + stride, c10 = c9 + stride, c11 = c10 + stride;
        S.Prefetch(c);
        S.Prefetch(c1);
        S.Prefetch(c2);
        S.Prefetch(c3);
        S.Prefetch(c4);
        S.Prefetch(c5);
        S.Prefetch(c6);
        S.Prefetch(c7);
        S.Prefetch(c8);
        S.Prefetch(c9);
        S.Prefetch(c10);
        S.Prefetch(c11);

        for (int k = 0; k < depth; k++, a += 12, b += 2 * S.Length)
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
            x = S.Broadcast(a[6]);
            s6L = S.MultiplyAdd(x, left, s6L);
            s6R = S.MultiplyAdd(x, right, s6R);
            x = S.Broadcast(a[7]);
            s7L = S.MultiplyAdd(x, left, s7L);
            s7R = S.MultiplyAdd(x, right, s7R);
            x = S.Broadcast(a[8]);
            s8L = S.MultiplyAdd(x, left, s8L);
            s8R = S.MultiplyAdd(x, right, s8R);
            x = S.Broadcast(a[9]);
            s9L = S.MultiplyAdd(x, left, s9L);
            s9R = S.MultiplyAdd(x, right, s9R);
            x = S.Broadcast(a[10]);
            s10L = S.MultiplyAdd(x, left, s10L);
            s10R = S.MultiplyAdd(x, right, s10R);
            x = S.Broadcast(a[11]);
            s11L = S.MultiplyAdd(x, left, s11L);
            s11R = S.MultiplyAdd(x, right, s11R);
        }

        if (add)
        {
            (s0L, s0R) = (S.Add(S.Load(c), s0L), S.Add(S.Load(c + S.Length), s0R));
            (s1L, s1R) = (S.Add(S.Load(c1), s1L), S.Add(S.Load(c1 + S.Length), s1R));
            (s2L, s2R) = (S.Add(S.Load(c2), s2L), S.Add(S.Load(c2 + S.Length), s2R));
            (s3L, s3R) = (S.Add(S.Load(c3), s3L), S.Add(S.Load(c3 + S.Length), s3R));
            (s4L, s4R) = (S.Add(S.Load(c4), s4L), S.Add(S.Load(c4 + S.Length), s4R));
            (s5L, s5R) = (S.Add(S.Load(c5), s5L), S.Add(S.Load(c5 + S.Length), s5R));
            (s6L, s6R) = (S.Add(S.Load(c6), s6L), S.Add(S.Load(c6 + S.Length), s6R));
            (s7L, s7R) = (S.Add(S.Load(c7), s7L), S.Add(S.Load(c7 + S.Length), s7R));
            (s8L, s8R) = (S.Add(S.Load(c8), s8L), S.Add(S.Load(c8 + S.Length), s8R));
            (s9L, s9R) = (S.Add(S.Load(c9), s9L), S.Add(S.Load(c9 + S.Length), s9R));
            (s10L, s10R) = (S.Add(S.Load(c10), s10L), S.Add(S.Load(c10 + S.Length), s10R));
            (s11L, s11R) = (S.Add(S.Load(c11), s11L), S.Add(S.Load(c11 + S.Length), s11R));
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
        S.Store(c6, s6L);
        S.Store(c6 + S.Length, s6R);
        S.Store(c7, s7L);
        S.Store(c7 + S.Length, s7R);
        S.Store(c8, s8L);
        S.Store(c8 + S.Length, s8R);
        S.Store(c9, s9L);
        S.Store(c9 + S.Length, s9R);
        S.Store(c10, s10L);
        S.Store(c10 + S.Length, s10R);
        S.Store(c11, s11L);
        S.Store(c11 + S.Length, s11R);
    }
}
