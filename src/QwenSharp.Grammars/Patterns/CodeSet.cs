namespace QwenSharp.Grammars.Patterns;

/// <summary>A set of code points: sorted ranges, both ends in it, that neither touch nor overlap.</summary>
internal sealed class CodeSet : IEquatable<CodeSet>
{
    public const int Last = 0x10FFFF;

    /// <summary>Pairs of the first and the last of a range.</summary>
    private readonly int[] _ranges;
    private readonly int _hash;

    private CodeSet(int[] ranges)
    {
        _ranges = ranges;
        HashCode hash = new();
        foreach (int bound in ranges)
            hash.Add(bound);
        _hash = hash.ToHashCode();
    }

    public static CodeSet None { get; } = new([]);

    public static CodeSet All { get; } = new([0, Last]);

    public bool IsEmpty => _ranges.Length == 0;

    public bool IsAll => _ranges is [0, Last];

    public int RangeCount => _ranges.Length / 2;

    public (int First, int Last) Range(int index) => (_ranges[2 * index], _ranges[(2 * index) + 1]);

    public static CodeSet Of(params ReadOnlySpan<(int First, int Last)> ranges)
    {
        List<(int First, int Last)> sorted = [.. ranges];
        sorted.Sort();
        List<int> merged = [];
        foreach ((int first, int last) in sorted)
        {
            if (first > last)
                continue;
            if (merged.Count > 0 && first <= merged[^1] + 1)
            {
                merged[^1] = Math.Max(merged[^1], last);
            }
            else
            {
                merged.Add(first);
                merged.Add(last);
            }
        }

        return new CodeSet([.. merged]);
    }

    public static CodeSet Single(int codePoint) => new([codePoint, codePoint]);

    public bool Contains(int codePoint)
    {
        int low = 0;
        int high = RangeCount - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (codePoint < _ranges[2 * middle])
                high = middle - 1;
            else if (codePoint > _ranges[(2 * middle) + 1])
                low = middle + 1;
            else
                return true;
        }

        return false;
    }

    public CodeSet Union(CodeSet other)
    {
        if (IsEmpty)
            return other;
        if (other.IsEmpty)
            return this;
        List<(int, int)> all = new(RangeCount + other.RangeCount);
        for (int i = 0; i < RangeCount; i++)
            all.Add(Range(i));
        for (int i = 0; i < other.RangeCount; i++)
            all.Add(other.Range(i));
        return Of([.. all]);
    }

    public CodeSet Complement()
    {
        List<int> bounds = [];
        int next = 0;
        for (int i = 0; i < RangeCount; i++)
        {
            (int first, int last) = Range(i);
            if (first > next)
                bounds.AddRange([next, first - 1]);
            next = last + 1;
        }

        if (next <= Last)
            bounds.AddRange([next, Last]);
        return new CodeSet([.. bounds]);
    }

    public CodeSet Intersect(CodeSet other) =>
        IsAll ? other
        : other.IsAll ? this
        : Complement().Union(other.Complement()).Complement();

    public CodeSet Except(CodeSet other) => Intersect(other.Complement());

    public bool Equals(CodeSet? other) => other is not null && _hash == other._hash && _ranges.AsSpan().SequenceEqual(other._ranges);

    public override bool Equals(object? obj) => Equals(obj as CodeSet);

    public override int GetHashCode() => _hash;
}
