using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>
/// Memory that layers use in turn, for up to a number of tokens. What a gradient needs of the forward pass lies in a
/// <see cref="BlockTape"/>.
/// </summary>
internal sealed class Scratch : PassMemory
{
    /// <param name="config">The model's lengths.</param>
    /// <param name="rows">Tokens of the largest batch.</param>
    /// <param name="loraRank">The rank of adapters; 0 for none.</param>
    /// <param name="hasDropout">Whether inputs of adapters are dropped.</param>
    public Scratch(ModelConfig config, int rows, int loraRank, bool hasDropout)
        : base(rows)
    {
        Rotations = Allocate(config.RotaryLength);
        Hidden = Allocate(config.Width);
        Normed = Allocate(config.Width);
        Queries = Allocate(config.QueryWidth);
        Keys = Allocate(config.KvWidth);
        Values = Allocate(config.KvWidth);
        Attended = Allocate(config.QueryWidth);
        Gate = Allocate(config.FeedForwardWidth);
        Up = Allocate(config.FeedForwardWidth);
        if (loraRank > 0)
            LoraDown = Allocate(loraRank);

        if (hasDropout)
        {
            Dropped = new[] { config.Width, config.QueryWidth, config.FeedForwardWidth }.Distinct().ToDictionary(width => width, Allocate);
            DroppedGradient = Dropped.Keys.ToDictionary(width => width, Allocate);
        }
    }

    /// <summary>Cosines and sines of each row's position, [rows, rotary length].</summary>
    public HostActivations Rotations { get; }

    /// <summary>∂loss / ∂ residual stream, [rows, width].</summary>
    public HostActivations Hidden { get; }

    /// <summary>Gradient of a norm's output, [rows, width].</summary>
    public HostActivations Normed { get; }

    /// <summary>Gradient of queries, [rows, heads × head length].</summary>
    public HostActivations Queries { get; }

    /// <summary>Gradient of keys, [rows, KV heads × head length].</summary>
    public HostActivations Keys { get; }

    /// <summary>Gradient of values, [rows, KV heads × head length].</summary>
    public HostActivations Values { get; }

    /// <summary>Gradient of attention's output, [rows, heads × head length].</summary>
    public HostActivations Attended { get; }

    /// <summary>Gradient of the gate, [rows, feed-forward width].</summary>
    public HostActivations Gate { get; }

    /// <summary>Gradient of the upward projection, [rows, feed-forward width].</summary>
    public HostActivations Up { get; }

    /// <summary>Gradient between the two matrices of an adapter, [rows, rank].</summary>
    public HostActivations? LoraDown { get; }

    /// <summary>An adapter's input with parts dropped, by its width.</summary>
    public Dictionary<int, HostActivations> Dropped { get; } = [];

    /// <summary>Gradient of <see cref="Dropped"/>, by its width.</summary>
    public Dictionary<int, HostActivations> DroppedGradient { get; } = [];
}
