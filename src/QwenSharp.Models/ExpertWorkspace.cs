using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>The part of a <see cref="Workspace"/> that a mixture of experts needs: rows in the order of their experts, and how they came there.</summary>
internal sealed class ExpertWorkspace : IDisposable
{
    public ExpertWorkspace(ModelConfig config, MixtureOfExperts experts, int maxRows)
    {
        int slots = checked(maxRows * experts.Used);
        Routing = new ExpertRouting(maxRows, experts);
        Projections = new Projection[2 * Math.Min(experts.Count, slots)];
        Scores = new Activations(maxRows, experts.Count);
        SharedGate = new Activations(maxRows, 1);
        Inputs = new Activations(slots, config.Width);
        Gate = new Activations(slots, experts.Width);
        Up = new Activations(slots, experts.Width);
        Outputs = new Activations(slots, config.Width);
    }

    public ExpertRouting Routing { get; }

    /// <summary>Room for the products of all experts in one call.</summary>
    public Projection[] Projections { get; }

    /// <summary>The router's scores, [rows, experts].</summary>
    public Activations Scores { get; }

    /// <summary>The shared expert's gate, [rows, 1].</summary>
    public Activations SharedGate { get; }

    /// <summary>[slots, width].</summary>
    public Activations Inputs { get; }

    /// <summary>[slots, expertWidth].</summary>
    public Activations Gate { get; }

    /// <summary>[slots, expertWidth].</summary>
    public Activations Up { get; }

    /// <summary>[slots, width].</summary>
    public Activations Outputs { get; }

    public void Dispose()
    {
        foreach (Activations activations in (Activations[])[Scores, SharedGate, Inputs, Gate, Up, Outputs])
            activations.Dispose();
    }
}
