using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// Which experts each row of a batch hits, with which weights, and the rows in the order of their experts:
/// a slot is one row in one expert's group.
/// </summary>
internal sealed class ExpertRouting
{
    private readonly int[] _experts;
    private readonly float[] _weights;
    private readonly int[] _rowOfSlot;
    private readonly int[] _slotsOfRows;
    private readonly int[] _next;
    private readonly (int Expert, RowRange Slots)[] _groups;
    private int _slots;
    private int _groupCount;

    public ExpertRouting(int maxRows, MixtureOfExperts config)
    {
        int slots = checked(maxRows * config.Used);
        (_experts, _weights) = (new int[slots], new float[slots]);
        (_rowOfSlot, _slotsOfRows) = (new int[slots], new int[slots]);
        _next = new int[config.Count];
        _groups = new (int, RowRange)[Math.Min(config.Count, slots)];
    }

    /// <summary>The row of each slot.</summary>
    public ReadOnlySpan<int> RowOfSlot => _rowOfSlot.AsSpan(0, _slots);

    /// <summary>[rows, used]: the slots of each row, its likeliest expert first.</summary>
    public ReadOnlySpan<int> SlotsOfRows => _slotsOfRows.AsSpan(0, _slots);

    /// <summary>[rows, used]: the weight of each.</summary>
    public ReadOnlySpan<float> Weights => _weights.AsSpan(0, _slots);

    /// <summary>The experts that are hit, ascending, with their slots.</summary>
    public ReadOnlySpan<(int Expert, RowRange Slots)> Groups => _groups.AsSpan(0, _groupCount);

    /// <summary>Routes rows by the softmax of their scores.</summary>
    /// <param name="compute">The kernels.</param>
    /// <param name="config">How many experts a row hits, and how they are weighted.</param>
    /// <param name="scores">[rows, experts]; probabilities afterwards.</param>
    /// <param name="rows">How many rows.</param>
    public void Route(Compute compute, MixtureOfExperts config, Activations scores, int rows)
    {
        _slots = rows * config.Used;
        for (int row = 0; row < rows; row++)
        {
            Span<float> probabilities = scores.Row(row);
            compute.Softmax(probabilities);
            Span<float> weights = _weights.AsSpan(row * config.Used, config.Used);
            PickLargest(probabilities, _experts.AsSpan(row * config.Used, config.Used), weights);
            Weigh(config, weights);
        }

        Group(config.Used);
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

    private static void Weigh(MixtureOfExperts config, Span<float> weights)
    {
        float factor = config.WeightScale;
        if (config.NormalizesWeights)
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

    // A counting sort by expert; rows keep their order within a group.
    private void Group(int used)
    {
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
            (_rowOfSlot[at], _slotsOfRows[i]) = (i / used, at);
        }
    }
}
