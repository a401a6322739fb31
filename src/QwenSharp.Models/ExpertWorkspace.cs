using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// The part of a <see cref="Workspace"/> that a mixture of experts needs: rows in the order of their experts, and how they came there.
/// </summary>
internal sealed class ExpertWorkspace : IDisposable
{
    private readonly ActivationSet _matrices;

    public ExpertWorkspace(Compute compute, ModelConfig config, MixtureOfExperts experts, int maxRows)
    {
        _matrices = new ActivationSet(compute, Layout(config, experts, maxRows));
        Scores = _matrices[nameof(Scores)];
        SharedGate = _matrices[nameof(SharedGate)];
        Inputs = _matrices[nameof(Inputs)];
        Gate = _matrices[nameof(Gate)];
        Up = _matrices[nameof(Up)];
        Outputs = _matrices[nameof(Outputs)];
        Routing = new ExpertRouting(maxRows, experts.Choice);
        Projections = new Projection[2 * Math.Min(experts.Count, Inputs.Capacity)];
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

    /// <summary>Bytes of its activations.</summary>
    public long Bytes => _matrices.Bytes;

    /// <summary>Its matrices.</summary>
    public static ActivationShape[] Layout(ModelConfig config, MixtureOfExperts experts, int maxRows)
    {
        int slots = checked(maxRows * experts.Used);
        return
        [
            new(nameof(Scores), maxRows, experts.Count),
            new(nameof(SharedGate), maxRows, 1),
            new(nameof(Inputs), slots, config.Width),
            new(nameof(Gate), slots, experts.Width),
            new(nameof(Up), slots, experts.Width),
            new(nameof(Outputs), slots, config.Width),
        ];
    }

    public void Dispose() => _matrices.Dispose();
}
