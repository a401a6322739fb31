using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>The expert that every row hits: a dense network whose answer is weighted by σ(gate · x).</summary>
/// <param name="Network">The network.</param>
/// <param name="OutputGate">[width, 1].</param>
internal sealed record SharedExpert(FeedForward Network, Linear OutputGate)
{
    /// <summary>Takes the weights of the layer that the reader has entered.</summary>
    public static SharedExpert Read(WeightReader weights, ModelConfig config)
    {
        (int width, int hidden) = (config.Width, config.Experts!.SharedWidth);
        return new SharedExpert(
            new FeedForward(
                weights.Linear("ffn_gate_shexp", width, hidden),
                weights.Linear("ffn_up_shexp", width, hidden),
                weights.Linear("ffn_down_shexp", hidden, width)),
            new Linear(weights.Vector("ffn_gate_inp_shexp.weight", width).Slice(0, [width, 1])));
    }

    /// <summary>Its maps, which adapters may change.</summary>
    public IEnumerable<Linear> Linears => [.. Network.Linears, OutputGate];

    /// <summary>Adds the expert's answer to <see cref="Workspace.Normed"/> to <see cref="Workspace.Hidden"/>.</summary>
    public void Forward(Compute compute, int rows, Workspace w)
    {
        w.Project(compute, w.Normed, rows, OutputGate.Into(w.Experts!.SharedGate));
        Network.Activate(compute, rows, w);

        // σ before the way down gives the same as after it: W(sx) = s·Wx.
        compute.ScaleBySigmoid(w.Gate, w.Experts.SharedGate, rows);
        Network.Contract(compute, rows, w);
    }
}
