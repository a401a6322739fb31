using System.Globalization;
using QwenSharp.Formats;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// The blocks of a checkpoint that draft the token after next, numbered behind the layers. Converters write that there are some wherever a
/// configuration says so, and what is saved after a training often lacks them, in part or whole. So the tensors tell, whatever the format:
/// a block that is not whole is left out, as a model answers without it.
/// </summary>
internal static class DraftingBlocks
{
    private const string DeclaredKey = "nextn_predict_layers";
    private const int MostBlocks = 1 << 10;

    /// <summary>How many layers the decoder has, and how many blocks behind them draft or are said to.</summary>
    /// <exception cref="ModelLoadException">The keys leave no layer.</exception>
    public static (int Layers, int Blocks) Count(ArchitectureKeys keys, IEnumerable<Tensor> tensors)
    {
        int all = keys.Int("block_count"), declared = keys.Int(DeclaredKey, 0);
        if (declared is < 0 or > MostBlocks || (declared > 0 && declared >= all))
        {
            throw new ModelLoadException(
                $"Metadata '{keys.Name(DeclaredKey)}' is {declared}, of {all} blocks; it must leave some for the layers.");
        }

        HashSet<int> present = [.. tensors.Select(tensor => BlockOf(tensor.Name)).OfType<int>()];
        HashSet<int> drafting = Drafting(tensors);
        int layers = all;
        while (layers > 1
            && (drafting.Contains(layers - 1) || (all - layers < declared && !present.Contains(layers - 1))))
        {
            layers--;
        }

        int end = all;
        while (drafting.Contains(end))
            end++;

        return (layers, end - layers);
    }

    /// <summary>The configuration with those blocks alone that are whole.</summary>
    /// <param name="file">The checkpoint; told what is left out.</param>
    /// <param name="family">The model's family.</param>
    /// <param name="config">With all blocks that <see cref="Count"/> found.</param>
    /// <param name="declared">How many the checkpoint says that there are.</param>
    public static ModelConfig KeepWhole(Checkpoint file, Family family, ModelConfig config, int declared)
    {
        HashSet<int> drafting = Drafting(file.Tensors);
        int whole = 0;
        string? fault = null;
        while (whole < config.NextTokenLayers
            && drafting.Contains(config.Layers + whole)
            && (fault = FaultOf(file, family, config, config.Layers + whole)) is null)
        {
            whole++;
        }

        if (fault is not null)
        {
            file.AddRepair(
                $"Block {config.Layers + whole}, which drafts the token after next, is not whole: the model runs without it. {fault}");
        }
        else if (whole != declared)
        {
            file.AddRepair(
                $"{config.Architecture}.{DeclaredKey} is {declared}, and the file has "
                    + $"{(whole == 0 ? "no such block" : $"{whole}")}: what is there counts.");
        }

        return config with { NextTokenLayers = whole };
    }

    /// <summary>The tensors that a model uses: all but those of drafting blocks that are left out.</summary>
    public static IEnumerable<Tensor> Without(IReadOnlyCollection<Tensor> tensors, ModelConfig config)
    {
        int end = config.Layers + config.NextTokenLayers;
        HashSet<int> left = [.. Drafting(tensors).Where(block => block >= end)];
        return left.Count == 0 ? tensors : tensors.Where(tensor => BlockOf(tensor.Name) is not { } block || !left.Contains(block));
    }

    /// <summary>What is wrong with a block, in the words of loading it; null where it is whole.</summary>
    private static string? FaultOf(Checkpoint file, Family family, ModelConfig config, int block)
    {
        CheckpointWeights tensors = new(file.Tensors.Where(tensor => BlockOf(tensor.Name) == block), file.OriginOf);
        WeightReader weights = new(tensors);
        weights.Enter(block);
        try
        {
            NextTokenBlock.Read(weights, config, family.ReadLayer(weights, config));
            return null;
        }
        catch (ModelLoadException fault)
        {
            return fault.Message;
        }
    }

    private static HashSet<int> Drafting(IEnumerable<Tensor> tensors) =>
    [
        .. tensors
            .Where(tensor => tensor.Name.Contains(".nextn.", StringComparison.Ordinal))
            .Select(tensor => BlockOf(tensor.Name))
            .OfType<int>(),
    ];

    /// <summary>3 of "blk.3.attn_q.weight"; null for what is in no block.</summary>
    private static int? BlockOf(string name)
    {
        const string prefix = "blk.";
        int dot = name.StartsWith(prefix, StringComparison.Ordinal) ? name.IndexOf('.', prefix.Length) : -1;
        return
            dot > 0 && int.TryParse(name.AsSpan(prefix.Length..dot), NumberStyles.None, CultureInfo.InvariantCulture, out int block)
            ? block
            : null;
    }
}
