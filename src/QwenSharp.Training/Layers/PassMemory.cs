using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>Matrices with a row for each token of a pass, which live and go together.</summary>
/// <param name="rows">Tokens of the largest batch.</param>
internal abstract class PassMemory(int rows) : IDisposable
{
    private readonly List<HostActivations> _all = [];

    /// <inheritdoc/>
    public void Dispose() => _all.ForEach(activations => activations.Dispose());

    /// <summary>One more of them, [rows, width].</summary>
    protected HostActivations Allocate(int width)
    {
        _all.Add(new HostActivations(rows, width));
        return _all[^1];
    }
}
