using QwenSharp.Server.State;

namespace QwenSharp.Server.Callers;

/// <summary>
/// Who asks, for whatever runs on behalf of a request: set where its key is checked, and read where a model is taken, so that no endpoint
/// in between can forget it.
/// </summary>
internal sealed class CallerContext
{
    private readonly AsyncLocal<Caller?> _current = new();
    private readonly AsyncLocal<bool> _inBatch = new();

    /// <summary>The holder of the key; null where nobody needs one, or it is the server's own.</summary>
    public Caller? Current
    {
        get => _current.Value;
        set => _current.Value = value;
    }

    /// <summary>In whose name what the current request makes is kept: its key's, or nobody's, which is empty.</summary>
    public string Owner => Current?.Key.Id ?? "";

    /// <summary>Whose the current request may see: its key's own, or all without one.</summary>
    public string? Seen => Current?.Key.Id;

    /// <summary>Whether what is asked goes behind what others ask: of a batch, or of a key that is always behind.</summary>
    public bool IsBehind => InBatch || Current?.Priority == KeyPriority.Low;

    /// <summary>Whether a batch asks, and nobody waits.</summary>
    public bool InBatch
    {
        get => _inBatch.Value;
        set => _inBatch.Value = value;
    }
}
