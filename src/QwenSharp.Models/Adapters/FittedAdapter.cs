using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// An adapter that was checked against a model, each of its pairs found a place: what a forward pass looks up. Made by
/// <see cref="LanguageModel.Fit"/>;
/// immutable, so that sequences and engines may share it.
/// </summary>
public sealed class FittedAdapter
{
    private readonly Dictionary<Tensor, FittedPair> _pairs = [];

    internal FittedAdapter(LanguageModel model, LoraAdapter adapter)
    {
        (Model, Adapter) = (model, adapter);
        if (adapter.Architecture != model.Config.Architecture)
            throw Misfit($"is for '{adapter.Architecture}', and this model is '{model.Config.Architecture}'");

        ILookup<string, Linear> places = model.Linears.ToLookup(linear => linear.Weight.Name, StringComparer.Ordinal);
        foreach (LoraPair pair in adapter.Pairs)
        {
            if (pair.IsEmbedding)
                Embedding = FitEmbedding(pair);
            else
                Add(pair, [.. places[pair.Target]]);
        }
    }

    /// <summary>What was fitted.</summary>
    public LoraAdapter Adapter { get; }

    /// <summary>The model that it fits.</summary>
    public LanguageModel Model { get; }

    /// <summary>What is added to the embeddings, where something is.</summary>
    internal FittedPair? Embedding { get; }

    /// <summary>What is added to the product with a weight matrix, or null for nothing.</summary>
    internal FittedPair? Find(Tensor weight) => _pairs.GetValueOrDefault(weight);

    private void Add(LoraPair pair, Linear[] linears)
    {
        if (linears.Length == 0)
            throw Misfit($"changes '{pair.Target}': {Missing(pair.Target)}");

        RequireShape(pair, linears[0].Weight.Columns, linears.Sum(linear => linear.Weight.Rows));
        float scale = Adapter.ScaleOf(pair);
        foreach (Linear linear in linears)
            _pairs.Add(linear.Weight, new FittedPair(pair.A, linear.SameOutputs(pair.B), scale));
    }

    private FittedPair FitEmbedding(LoraPair pair)
    {
        if (Model.Config.HasTiedHead)
            throw Misfit($"changes '{pair.Target}': that is also this model's output head, and one change cannot be right for both");

        RequireShape(pair, Model.Config.Width, Model.Config.VocabularySize);
        return new FittedPair(pair.A, pair.B, Adapter.ScaleOf(pair));
    }

    private void RequireShape(LoraPair pair, int columns, int rows)
    {
        if (pair.Columns != columns || pair.Rows != rows)
            throw Misfit($"has '{pair.Target}' of shape [{pair.Columns}, {pair.Rows}], where this model has [{columns}, {rows}]");
    }

    private string Missing(string target)
    {
        string module = target.EndsWith(".weight", StringComparison.Ordinal) ? target[..^".weight".Length] : target;
        return target == "output.weight" && Model.Config.HasTiedHead
                ? "this model's output head is its embedding table, and has no matrix of its own"
            : module.EndsWith("_exps", StringComparison.Ordinal) || char.IsAsciiDigit(module[^1])
                ? "these are matrices of experts, which this build cannot adapt; it can all others"
            : "that is none of this model's matrices";
    }

    private ModelLoadException Misfit(string problem) => new($"The adapter '{Adapter.Name}' {problem}.");
}

/// <summary>A pair of an adapter, as far as one product needs it.</summary>
/// <param name="A">[in, rank].</param>
/// <param name="B">[rank, out], of the outputs of that product alone.</param>
/// <param name="Scale">s.</param>
internal sealed record FittedPair(Tensor A, Tensor B, float Scale)
{
    public int Rank => B.Columns;
}
