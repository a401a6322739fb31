namespace QwenSharp.Numerics;

// The product behind attention, in tiles whose eight sums stay in registers: two fused multiply-adds a cycle need
// eight that do not wait for each other. Lanes are columns; a's elements are broadcast.
internal sealed unsafe partial class VectorKernels<S, V>
{
    // Two rows (one token of a GQA pair, as in decoding) keep eight sums in tiles twice as wide, where a block has that many columns.
    private static bool HasWideTiles => 4 * S.Length <= KvStore.BlockTokens;

    public override int PaddedRows(int rows) => rows <= 2 && HasWideTiles ? 2 : (rows + 3) / 4 * 4;

    public override void Multiply(
        float* a,
        int aRow,
        int aColumn,
        float* b,
        float* c,
        float* keep,
        int rows,
        int depth,
        int columns,
        int stride)
    {
        if (rows == 2)
        {
            for (int j = 0; j < columns; j += 4 * S.Length)
                TwoRows(a, aRow, aColumn, b + j, c + j, keep, depth, stride);

            return;
        }

        for (int j = 0; j < columns; j += 2 * S.Length)
        {
            for (int m = 0; m < rows; m += 4)
            {
                FourRows(
                    a + ((long)m * aRow),
                    aRow,
                    aColumn,
                    b + j,
                    c + ((long)m * stride) + j,
                    keep is null ? null : keep + m,
                    depth,
                    stride);
            }
        }
    }

    private static void FourRows(float* a, int aRow, int aColumn, float* b, float* c, float* keep, int depth, int stride)
    {
        float* a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
        float* c1 = c + stride, c2 = c1 + stride, c3 = c2 + stride;
        V s00 = S.Broadcast(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
        if (keep is not null)
        {
            V keep0 = S.Broadcast(keep[0]), keep1 = S.Broadcast(keep[1]), keep2 = S.Broadcast(keep[2]), keep3 = S.Broadcast(keep[3]);
            (s00, s01) = (S.Multiply(S.Load(c), keep0), S.Multiply(S.Load(c + S.Length), keep0));
            (s10, s11) = (S.Multiply(S.Load(c1), keep1), S.Multiply(S.Load(c1 + S.Length), keep1));
            (s20, s21) = (S.Multiply(S.Load(c2), keep2), S.Multiply(S.Load(c2 + S.Length), keep2));
            (s30, s31) = (S.Multiply(S.Load(c3), keep3), S.Multiply(S.Load(c3 + S.Length), keep3));
        }

        for (nint at = 0; depth > 0; depth--, at += aColumn, b += stride)
        {
            V b0 = S.Load(b), b1 = S.Load(b + S.Length);
            V x = S.Broadcast(a[at]);
            s00 = S.MultiplyAdd(x, b0, s00);
            s01 = S.MultiplyAdd(x, b1, s01);
            x = S.Broadcast(a1[at]);
            s10 = S.MultiplyAdd(x, b0, s10);
            s11 = S.MultiplyAdd(x, b1, s11);
            x = S.Broadcast(a2[at]);
            s20 = S.MultiplyAdd(x, b0, s20);
            s21 = S.MultiplyAdd(x, b1, s21);
            x = S.Broadcast(a3[at]);
            s30 = S.MultiplyAdd(x, b0, s30);
            s31 = S.MultiplyAdd(x, b1, s31);
        }

        S.Store(c, s00);
        S.Store(c + S.Length, s01);
        S.Store(c1, s10);
        S.Store(c1 + S.Length, s11);
        S.Store(c2, s20);
        S.Store(c2 + S.Length, s21);
        S.Store(c3, s30);
        S.Store(c3 + S.Length, s31);
    }

    private static void TwoRows(float* a, int aRow, int aColumn, float* b, float* c, float* keep, int depth, int stride)
    {
        float* a1 = a + aRow, c1 = c + stride;
        V s00 = S.Broadcast(0), s01 = s00, s02 = s00, s03 = s00, s10 = s00, s11 = s00, s12 = s00, s13 = s00;
        if (keep is not null)
        {
            V keep0 = S.Broadcast(keep[0]), keep1 = S.Broadcast(keep[1]);
            (s00, s01) = (S.Multiply(S.Load(c), keep0), S.Multiply(S.Load(c + S.Length), keep0));
            (s02, s03) = (S.Multiply(S.Load(c + (2 * S.Length)), keep0), S.Multiply(S.Load(c + (3 * S.Length)), keep0));
            (s10, s11) = (S.Multiply(S.Load(c1), keep1), S.Multiply(S.Load(c1 + S.Length), keep1));
            (s12, s13) = (S.Multiply(S.Load(c1 + (2 * S.Length)), keep1), S.Multiply(S.Load(c1 + (3 * S.Length)), keep1));
        }

        for (nint at = 0; depth > 0; depth--, at += aColumn, b += stride)
        {
            V x0 = S.Broadcast(a[at]), x1 = S.Broadcast(a1[at]);
            V y = S.Load(b);
            s00 = S.MultiplyAdd(x0, y, s00);
            s10 = S.MultiplyAdd(x1, y, s10);
            y = S.Load(b + S.Length);
            s01 = S.MultiplyAdd(x0, y, s01);
            s11 = S.MultiplyAdd(x1, y, s11);
            y = S.Load(b + (2 * S.Length));
            s02 = S.MultiplyAdd(x0, y, s02);
            s12 = S.MultiplyAdd(x1, y, s12);
            y = S.Load(b + (3 * S.Length));
            s03 = S.MultiplyAdd(x0, y, s03);
            s13 = S.MultiplyAdd(x1, y, s13);
        }

        S.Store(c, s00);
        S.Store(c + S.Length, s01);
        S.Store(c + (2 * S.Length), s02);
        S.Store(c + (3 * S.Length), s03);
        S.Store(c1, s10);
        S.Store(c1 + S.Length, s11);
        S.Store(c1 + (2 * S.Length), s12);
        S.Store(c1 + (3 * S.Length), s13);
    }
}
