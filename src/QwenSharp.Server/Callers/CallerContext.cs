namespace QwenSharp.Server.Callers;

/// <summary>
/// Who asks, for whatever runs on behalf of a request: set where its key is checked, and read where a model is taken, so that no endpoint
/// in between can forget it.
/// </summary>
internal sealed class CallerContext
{
    private readonly AsyncLocal<Caller?> _current = new();

    /// <summary>The holder of the key; null where nobody needs one, or it is the server's own.</summary>
    public Caller? Current
    {
        get => _current.Value;
        set => _current.Value = value;
    }
}
