using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// A mixture of experts: a router picks a few of many small networks for each row, and their answers are added by its weights.
/// Rows are grouped by expert, so that the weights of an expert are read once for all its rows, and those of an expert that nobody hits not
/// at all.
/// </summary>
/// <param name="Config">How many experts there are and how many are hit.</param>
/// <param name="Router">[width, experts].</param>
/// <param name="Gate">One [width, expertWidth] an expert.</param>
/// <param name="Up">One [width, expertWidth] an expert.</param>
/// <param name="Down">One [expertWidth, width] an expert.</param>
/// <param name="Shared">The expert that every row hits, or none.</param>
internal sealed record ExpertFeedForward(
    MixtureOfExperts Config, Linear Router, Linear[] Gate, Linear[] Up, Linear[] Down, SharedExpert? Shared = null) : IFeedForward
{
    /// <summary>Takes the weights of the layer that the reader has entered.</summary>
    public static ExpertFeedForward Read(WeightReader weights, ModelConfig config)
    {
        MixtureOfExperts experts = config.Experts!;
        Linear router = weights.Linear("ffn_gate_inp", config.Width, experts.Count);
        Linear[] gate, up;
        if (weights.Has("ffn_gate_up_exps.weight"))
        {
            // An expert's gate and then its way up in one matrix.
            Linear[] both = weights.Experts("ffn_gate_up", config.Width, 2 * experts.Width, experts);
            (gate, up) = (
                [.. both.Select(matrix => matrix.Outputs(0, experts.Width))],
                [.. both.Select(matrix => matrix.Outputs(experts.Width, experts.Width))]);
        }
        else
        {
            gate = weights.Experts("ffn_gate", config.Width, experts.Width, experts);
            up = weights.Experts("ffn_up", config.Width, experts.Width, experts);
        }

        return new ExpertFeedForward(
            experts,
            router,
            gate,
            up,
            weights.Experts("ffn_down", experts.Width, config.Width, experts),
            experts.SharedWidth > 0 ? SharedExpert.Read(weights, config) : null);
    }

    /// <summary>
    /// The same network without the scales of its experts: llama.cpp's graphs of some families leave them out, and its logits are the
    /// reference.
    /// </summary>
    public ExpertFeedForward Unscaled()
    {
        static Linear[] All(Linear[] experts) => [.. experts.Select(expert => expert with { Scale = 1 })];
        return this with
        {
            Gate = All(Gate),
            Up = All(Up),
            Down = All(Down),
            Shared = Shared is null ? null : Shared with { Network = Shared.Network.Unscaled() },
        };
    }

    /// <inheritdoc/>
    public IEnumerable<Linear> Linears => [Router, .. Shared?.Linears ?? []];

    /// <inheritdoc/>
    public void Forward(Compute compute, int rows, Workspace w)
    {
        ExpertWorkspace x = w.Experts!;
        w.Project(compute, w.Normed, rows, Router.Into(x.Scores));
        ExpertRouting routing = x.Routing;
        compute.Route(x.Scores, rows, routing);
        compute.Gather(w.Normed, routing.RowOfSlot, x.Inputs);

        // One call, and so one round of the threads, for all experts. No adapter changes their matrices.
        int slots = routing.RowOfSlot.Length, products = 0;
        foreach ((int expert, RowRange range) in routing.Groups)
        {
            x.Projections[products++] = Gate[expert].Into(x.Gate) with { Rows = range };
            x.Projections[products++] = Up[expert].Into(x.Up) with { Rows = range };
        }

        compute.Project(x.Inputs, slots, x.Projections.AsSpan(0, products));
        compute.SwiGlu(x.Gate, x.Up, slots, x.Gate);
        products = 0;
        foreach ((int expert, RowRange range) in routing.Groups)
            x.Projections[products++] = Down[expert].Into(x.Outputs) with { Rows = range };

        compute.Project(x.Gate, slots, x.Projections.AsSpan(0, products));
        compute.AddWeighted(x.Outputs, routing.SlotsOfRows, routing.Weights, Config.Used, w.Hidden);
        Shared?.Forward(compute, rows, w);
    }
}
