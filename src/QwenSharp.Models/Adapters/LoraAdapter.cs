namespace QwenSharp.Models;

/// <summary>
/// A LoRA adapter: low-rank additions to some matrices of a model, which stay as they are. Immutable; <see cref="LanguageModel.Fit"/> makes
/// it
/// ready for a model, <see cref="AdapterFile"/> reads and writes it.
/// </summary>
public sealed class LoraAdapter
{
    private readonly Dictionary<string, LoraPair> _pairs = new(StringComparer.Ordinal);

    /// <summary>Gathers pairs.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="architecture">The family of the models that it is for, by GGUF's name: "qwen3".</param>
    /// <param name="alpha">α: how strong it is.</param>
    /// <param name="pairs">One a matrix that changes; at least one.</param>
    /// <param name="isRankStabilized">Whether the scale is α/√rank (Kalajdzievski, 2023, "rsLoRA", arXiv 2312.03732) in place of
    /// α/rank.</param>
    /// <exception cref="ArgumentException">There is no pair, two are for one matrix, or α is not finite.</exception>
    public LoraAdapter(string name, string architecture, float alpha, IEnumerable<LoraPair> pairs, bool isRankStabilized = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(architecture);
        if (!float.IsFinite(alpha))
            throw new ArgumentException($"α of an adapter is {alpha}.");

        (Name, Architecture, Alpha, IsRankStabilized, Pairs) = (name, architecture, alpha, isRankStabilized, [.. pairs]);
        foreach (LoraPair pair in Pairs)
        {
            if (!_pairs.TryAdd(pair.Target, pair))
                throw new ArgumentException($"The adapter has two pairs for '{pair.Target}'.");
        }

        if (Pairs.Count == 0)
            throw new ArgumentException("The adapter changes no matrix.");
    }

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>The family of the models that it is for, by GGUF's name.</summary>
    public string Architecture { get; }

    /// <summary>α, of all pairs that have none of their own.</summary>
    public float Alpha { get; }

    /// <summary>Whether the scale is α/√rank in place of α/rank.</summary>
    public bool IsRankStabilized { get; }

    /// <summary>One a matrix that changes.</summary>
    public IReadOnlyList<LoraPair> Pairs { get; }

    /// <summary>The rank of most pairs.</summary>
    public int Rank => Pairs.CountBy(pair => pair.Rank).MaxBy(count => count.Value).Key;

    /// <summary>Elements of all its matrices.</summary>
    public long ParameterCount => Pairs.Sum(pair => pair.A.ElementCount + pair.B.ElementCount);

    /// <summary>The pair for a matrix, or null where that stays as it is.</summary>
    /// <param name="target">Its GGUF name.</param>
    public LoraPair? Find(string target) => _pairs.GetValueOrDefault(target);

    /// <summary>s in y = Wx + s·B(Ax).</summary>
    public float ScaleOf(LoraPair pair) => (pair.Alpha ?? Alpha) / (IsRankStabilized ? MathF.Sqrt(pair.Rank) : pair.Rank);
}
