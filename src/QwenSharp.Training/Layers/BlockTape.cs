using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>What the gradients of one decoder layer need of its forward pass, beside the layer's input. All [rows, …].</summary>
internal sealed class BlockTape : PassMemory
{
    /// <param name="config">The model's lengths.</param>
    /// <param name="rows">Tokens of the largest batch.</param>
    /// <param name="loraRank">The rank of adapters; 0 for none.</param>
    public BlockTape(ModelConfig config, int rows, int loraRank)
        : base(rows)
    {
        MixerNormed = Allocate(config.Width);
        RawQueries = Allocate(config.QueryWidth);
        RawKeys = Allocate(config.KvWidth);
        Queries = Allocate(config.QueryWidth);
        Keys = Allocate(config.KvWidth);
        Values = Allocate(config.KvWidth);
        Attended = Allocate(config.QueryWidth);
        LogSumExp = Allocate(config.Heads);
        Middle = Allocate(config.Width);
        FeedForwardNormed = Allocate(config.Width);
        Gate = Allocate(config.FeedForwardWidth);
        Up = Allocate(config.FeedForwardWidth);
        Activated = Allocate(config.FeedForwardWidth);
        Adapted = loraRank == 0 ? [] : [.. Enum.GetValues<BlockMatrix>().Select(_ => Allocate(loraRank))];
    }

    public HostActivations MixerNormed { get; }

    /// <summary>Queries before their norm and rotation.</summary>
    public HostActivations RawQueries { get; }

    /// <summary>Keys before their norm and rotation.</summary>
    public HostActivations RawKeys { get; }

    public HostActivations Queries { get; }

    public HostActivations Keys { get; }

    public HostActivations Values { get; }

    public HostActivations Attended { get; }

    /// <summary>ln of each row's and head's sum of exponentials.</summary>
    public HostActivations LogSumExp { get; }

    /// <summary>The residual stream between attention and the feed-forward network.</summary>
    public HostActivations Middle { get; }

    public HostActivations FeedForwardNormed { get; }

    public HostActivations Gate { get; }

    public HostActivations Up { get; }

    /// <summary>silu(gate) · up.</summary>
    public HostActivations Activated { get; }

    /// <summary>What adapters keep, by <see cref="BlockMatrix"/>; empty where there are none.</summary>
    private HostActivations[] Adapted { get; }

    /// <summary>What the adapter of a matrix keeps.</summary>
    public HostActivations? this[BlockMatrix matrix] => Adapted.Length == 0 ? null : Adapted[(int)matrix];
}
