namespace QwenSharp.Numerics;

/// <summary>How a mixture of experts chooses.</summary>
/// <param name="Experts">How many experts there are.</param>
/// <param name="Used">How many a row hits: those with the greatest probability.</param>
/// <param name="Normalizes">Whether the probabilities of those that are hit are divided by their sum.</param>
/// <param name="Scale">What they are multiplied by.</param>
public readonly record struct ExpertChoice(int Experts, int Used, bool Normalizes = false, float Scale = 1);

/// <summary>
/// Which experts each row of a batch hits, with which weights, and the rows in the order of their experts:
/// a slot is one row in one expert's group. Filled by <see cref="Compute.Route"/>; its arrays are allocated once.
/// </summary>
public sealed class ExpertRouting
{
    private readonly int[] _experts;
    private readonly float[] _weights;
    private readonly int[] _rowOfSlot;
    private readonly int[] _slotsOfRows;
    private readonly int[] _next;
    private readonly (int Expert, RowRange Slots)[] _groups;
    private int _slots;
    private int _groupCount;

    /// <summary>Room for up to <paramref name="maxRows"/> rows.</summary>
    public ExpertRouting(int maxRows, ExpertChoice choice)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(choice.Used);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(choice.Used, choice.Experts);
        (Choice, Capacity) = (choice, maxRows);
        int slots = checked(maxRows * choice.Used);
        (_experts, _weights) = (new int[slots], new float[slots]);
        (_rowOfSlot, _slotsOfRows) = (new int[slots], new int[slots]);
        _next = new int[choice.Experts];
        _groups = new (int, RowRange)[Math.Min(choice.Experts, slots)];
    }

    /// <summary>How it is chosen.</summary>
    public ExpertChoice Choice { get; }

    /// <summary>How many rows there is room for.</summary>
    public int Capacity { get; }

    /// <summary>The row of each slot.</summary>
    public ReadOnlySpan<int> RowOfSlot => _rowOfSlot.AsSpan(0, _slots);

    /// <summary>[rows, used]: the slots of each row, its likeliest expert first.</summary>
    public ReadOnlySpan<int> SlotsOfRows => _slotsOfRows.AsSpan(0, _slots);

    /// <summary>[rows, used]: the weight of each.</summary>
    public ReadOnlySpan<float> Weights => _weights.AsSpan(0, _slots);

    /// <summary>The experts that are hit, ascending, with their slots.</summary>
    public ReadOnlySpan<(int Expert, RowRange Slots)> Groups => _groups.AsSpan(0, _groupCount);

    /// <summary>Chooses for one row; rows may be chosen for at the same time. <see cref="Group"/> comes last.</summary>
    internal void Choose(int row, ReadOnlySpan<float> probabilities)
    {
        Span<float> weights = _weights.AsSpan(row * Choice.Used, Choice.Used);
        PickLargest(probabilities, _experts.AsSpan(row * Choice.Used, Choice.Used), weights);
        Weigh(weights);
    }

    /// <summary>Puts the rows in the order of their experts: a counting sort; rows keep their order within a group.</summary>
    internal void Group(int rows)
    {
        _slots = rows * Choice.Used;
        Array.Clear(_next);
        foreach (int expert in _experts.AsSpan(0, _slots))
            _next[expert]++;

        int slot = 0;
        _groupCount = 0;
        for (int expert = 0; expert < _next.Length; expert++)
        {
            int count = _next[expert];
            _next[expert] = slot;
            if (count > 0)
                _groups[_groupCount++] = (expert, new RowRange(slot, count));

            slot += count;
        }

        for (int i = 0; i < _slots; i++)
        {
            int at = _next[_experts[i]]++;
            (_rowOfSlot[at], _slotsOfRows[i]) = (i / Choice.Used, at);
        }
    }

    /// <summary>
    /// The largest elements, descending, the first of equals first. NaN ranks as it comes, so that something is always picked.
    /// </summary>
    private static void PickLargest(ReadOnlySpan<float> values, Span<int> indices, Span<float> largest)
    {
        int filled = 0;
        for (int i = 0; i < values.Length; i++)
        {
            float value = values[i];
            if (filled == largest.Length && !(value > largest[^1]))
                continue;

            int at = filled < largest.Length ? filled++ : filled - 1;
            for (; at > 0 && value > largest[at - 1]; at--)
                (largest[at], indices[at]) = (largest[at - 1], indices[at - 1]);

            (largest[at], indices[at]) = (value, i);
        }
    }

    private void Weigh(Span<float> weights)
    {
        float factor = Choice.Scale;
        if (Choice.Normalizes)
        {
            // The bound is llama.cpp's: the least normal half.
            float sum = 0;
            foreach (float weight in weights)
                sum += weight;

            factor /= Math.Max(sum, 6.103515625e-5f);
        }

        foreach (ref float weight in weights)
            weight *= factor;
    }
}
