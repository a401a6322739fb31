namespace QwenSharp.Server;

/// <summary>How much, and how slowly, a client may send.</summary>
public sealed record ConnectionLimits
{
    /// <summary>The headers of a request, in bytes, together; more are refused with 431.</summary>
    public int HeaderBytes { get; init; } = 32 << 10;

    /// <summary>How long the headers of a request may take to come; then the connection ends.</summary>
    public TimeSpan HeaderTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The bytes a second that a request's body must come with, after its first five seconds; slower ones are refused with 408. 0 for any.
    /// </summary>
    public double BodyRate { get; init; } = 240;

    /// <summary>How long a connection may be open without a request.</summary>
    public TimeSpan IdleTime { get; init; } = TimeSpan.FromSeconds(130);

    /// <summary>Connections at a time; null for as many as the system has.</summary>
    public int? Connections { get; init; }
}
