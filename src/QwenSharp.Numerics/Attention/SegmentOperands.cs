using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>
/// What attention over packed segments reads and writes: matrices of [rows, heads × headLength] and of [rows, kvHeads × headLength].
/// </summary>
internal unsafe struct SegmentOperands
{
    public int HeadLength, Heads, KvHeads;

    // Forward; and Delta, Σ dy · y of each row and head, on the way back.
    public float* Queries, Keys, Values, Y, LogSumExp, Delta;

    // The gradients.
    public float* DY, DQueries, DKeys, DValues;

    public readonly int Group => Heads / KvHeads;

    public readonly float Scale => 1 / MathF.Sqrt(HeadLength);

    /// <summary>Floats from a query row, or an output, to the next.</summary>
    public readonly int QueryWidth => Heads * HeadLength;

    /// <summary>Floats from a key row, or a value, to the next.</summary>
    public readonly int KeyWidth => KvHeads * HeadLength;

    public readonly long Query(int row, int head) => ((long)row * QueryWidth) + ((long)head * HeadLength);

    public readonly long Key(int row, int head) => ((long)row * KeyWidth) + ((long)head * HeadLength);

    /// <summary>Copies one head of <paramref name="rows"/> rows into a tile, or back.</summary>
    public readonly void Copy(float* from, int fromWidth, float* to, int toWidth, int rows)
    {
        for (int row = 0; row < rows; row++)
            Unsafe.CopyBlockUnaligned(to + ((long)row * toWidth), from + ((long)row * fromWidth), (uint)(HeadLength * sizeof(float)));
    }

    /// <summary>
    /// Transposes one head of <paramref name="rows"/> rows: to [headLength, rows], <see cref="SegmentTile.ScoreStride"/> floats apart.
    /// </summary>
    public readonly void Transpose(float* from, int width, float* to, int rows)
    {
        const int Stride = SegmentTile.ScoreStride;

        // Four rows at a time: they are read along, and what is written shares its cache line with the next three fours.
        int row = 0;
        for (; row + 4 <= rows; row += 4, from += 4 * (long)width)
        {
            float* from1 = from + width, from2 = from1 + width, from3 = from2 + width, next = to + row;
            for (int i = 0; i < HeadLength; i++, next += Stride)
            {
                next[0] = from[i];
                next[1] = from1[i];
                next[2] = from2[i];
                next[3] = from3[i];
            }
        }

        for (; row < rows; row++, from += width)
        {
            for (int i = 0; i < HeadLength; i++)
                to[(i * Stride) + row] = from[i];
        }
    }
}
