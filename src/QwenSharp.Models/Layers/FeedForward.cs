using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>The gated feed-forward network (SwiGLU; Shazeer, 2020).</summary>
/// <param name="Gate">[width, feedForwardWidth].</param>
/// <param name="Up">[width, feedForwardWidth].</param>
/// <param name="Down">[feedForwardWidth, width].</param>
internal sealed record FeedForward(Linear Gate, Linear Up, Linear Down)
{
    /// <summary>Adds the network's answer to <see cref="Workspace.Normed"/> to <see cref="Workspace.Hidden"/>.</summary>
    public void Forward(Compute compute, int rows, Workspace w)
    {
        compute.Project(w.Normed, rows, Gate.Into(w.Gate), Up.Into(w.Up));
        Gate.Finish(w.Gate, rows);
        Up.Finish(w.Up, rows);
        compute.SwiGlu(w.Gate, w.Up, rows, w.Gate);
        Down.ScaleInput(w.Gate, rows);
        compute.Project(w.Gate, rows, Down.AddTo(w.Hidden));
    }
}
