using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>The gated feed-forward network (SwiGLU; Shazeer, 2020).</summary>
/// <param name="Gate">[width, feedForwardWidth].</param>
/// <param name="Up">[width, feedForwardWidth].</param>
/// <param name="Down">[feedForwardWidth, width].</param>
internal sealed record FeedForward(Linear Gate, Linear Up, Linear Down) : IFeedForward
{
    /// <summary>Takes the weights of the layer that the reader has entered.</summary>
    public static FeedForward Read(WeightReader weights, ModelConfig config) => new(
        weights.Linear("ffn_gate", config.Width, config.FeedForwardWidth),
        weights.Linear("ffn_up", config.Width, config.FeedForwardWidth),
        weights.Linear("ffn_down", config.FeedForwardWidth, config.Width));

    /// <summary>
    /// The same network without the scales of its matrices: llama.cpp's graphs of some families leave them out, and its logits are the
    /// reference.
    /// </summary>
    public FeedForward Unscaled() => new(Gate with { Scale = 1 }, Up with { Scale = 1 }, Down with { Scale = 1 });

    /// <inheritdoc/>
    public IEnumerable<Linear> Linears => [Gate, Up, Down];

    /// <inheritdoc/>
    public void Forward(Compute compute, int rows, Workspace w)
    {
        Activate(compute, rows, w);
        Contract(compute, rows, w);
    }

    /// <summary>The way up: the hidden features of <see cref="Workspace.Normed"/>, in <see cref="Workspace.Gate"/>.</summary>
    public void Activate(Compute compute, int rows, Workspace w)
    {
        w.Project(compute, w.Normed, rows, Gate.Into(w.Gate), Up.Into(w.Up));
        compute.SwiGlu(w.Gate, w.Up, rows, w.Gate);
    }

    /// <summary>The way down, added to <see cref="Workspace.Hidden"/>.</summary>
    public void Contract(Compute compute, int rows, Workspace w) => w.Project(compute, w.Gate, rows, Down.AddTo(w.Hidden));
}
