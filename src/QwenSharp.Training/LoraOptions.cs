namespace QwenSharp.Training;

/// <summary>The shape of trained adapters.</summary>
public sealed record LoraOptions
{
    /// <summary>The rank r of an update.</summary>
    public int Rank { get; init; } = 16;

    /// <summary>Updates are multiplied by alpha ÷ r, or alpha ÷ √r with <see cref="IsRankStabilized"/>.</summary>
    public float Alpha { get; init; } = 32;

    /// <summary>rsLoRA: the scale falls with √r, so that higher ranks learn as fast (Kalajdzievski, 2023).</summary>
    public bool IsRankStabilized { get; init; }

    /// <summary>The probability with which an element of an adapter's input is dropped.</summary>
    public float Dropout { get; init; }

    /// <summary>The matrices that are updated.</summary>
    public IReadOnlyList<BlockMatrix> Targets { get; init; } = BlockMatrices.All;

    /// <summary>What updates are multiplied by.</summary>
    public float Scale => IsRankStabilized ? Alpha / MathF.Sqrt(Rank) : Alpha / Rank;

    /// <summary>Refuses what cannot be trained.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the parameter's name says which.</exception>
    public LoraOptions Validate()
    {
        Require(Rank is > 0 and <= 1024, nameof(Rank), $"{Rank}; 1 to 1024 are possible");
        Require(Alpha > 0 && float.IsFinite(Alpha), nameof(Alpha), $"{Alpha}; it must be above 0");
        Require(Dropout is >= 0 and < 1, nameof(Dropout), $"{Dropout}; it must be at least 0 and below 1");
        Require(Targets.Count > 0, nameof(Targets), "empty; at least one matrix must be updated");
        Require(Targets.Distinct().Count() == Targets.Count, nameof(Targets), "naming a matrix twice");
        return this;
    }

    /// <summary>The matrix of a name as PEFT has it: <c>q_proj</c>, <c>gate_proj</c>, ….</summary>
    /// <exception cref="ArgumentException">There is no such matrix; the message lists those that there are.</exception>
    public static BlockMatrix ParseTarget(string name)
    {
        foreach (BlockMatrix matrix in BlockMatrices.All)
        {
            if (matrix.ModuleName() == name)
                return matrix;
        }

        throw new ArgumentException(
            $"'{name}' is no matrix that can be adapted; there are "
                + $"{string.Join(", ", BlockMatrices.All.Select(matrix => matrix.ModuleName()))}.",
            nameof(name));
    }

    private static void Require(bool valid, string name, string problem)
    {
        if (!valid)
            throw new ArgumentException($"{name} is {problem}.", name);
    }
}
