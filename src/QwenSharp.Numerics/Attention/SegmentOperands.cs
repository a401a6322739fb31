using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>What attention over packed segments reads and writes: matrices of [rows, heads × headLength] and of [rows, kvHeads × headLength].</summary>
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

    /// <summary>Copies one head of <paramref name="rows"/> rows into a tile of [headLength, <see cref="SegmentForward.TileRows"/>].</summary>
    public readonly void Transpose(float* from, int width, float* to, int rows)
    {
        for (int i = 0; i < HeadLength; i++, to += SegmentForward.TileRows)
        {
            float* next = from + i;
            for (int row = 0; row < rows; row++, next += width)
                to[row] = *next;
        }
    }
}
