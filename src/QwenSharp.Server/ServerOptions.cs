using QwenSharp.Gateway.Configuration;
using QwenSharp.Numerics;
using QwenSharp.Server.Operations;

namespace QwenSharp.Server;

/// <summary>What a server serves, and where.</summary>
public sealed record ServerOptions
{
    /// <summary>The address to listen on: an IP address, <c>localhost</c>, or <c>*</c> for all. Only this machine by default.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The TCP port; 0 for a free one.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>The models that are loaded at the start and stay; requests choose one by its name.</summary>
    public required IReadOnlyList<ModelSource> Models { get; init; }

    /// <summary>Who answers elsewhere, and the routes to all who answer. Nobody by default.</summary>
    public GatewaySettings Gateway { get; init; } = GatewaySettings.None;

    /// <summary>Which models are loaded besides when they are asked for; null for none: then a request for another is refused.</summary>
    public ModelLibraryOptions? Library { get; init; }

    /// <summary>
    /// Further names of models, for clients that insist on theirs: the model by the alias. One that ends with <c>*</c> stands for all names
    /// that begin so.
    /// </summary>
    public IReadOnlyDictionary<string, string> Aliases { get; init; } = new Dictionary<string, string>();

    /// <summary>How long a model that was loaded when it was asked for stays when nobody uses it; infinite for ever.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The threads and the memory that all models share; null where each has those of its own options. What is loaded when it is asked for
    /// has room in this memory, or another goes.
    /// </summary>
    public MachineResources? Machine { get; init; }

    /// <summary>
    /// What clients may send as <c>Authorization: Bearer KEY</c> to do everything. Where it is null and <see cref="State"/> has no keys,
    /// everybody is let in, and the server listens to this machine only.
    /// </summary>
    public string? ApiKey { get; init; }

    /// <summary>Whether a server without any key may listen to other machines: then everybody who reaches the port may use it.</summary>
    public bool OpenToAll { get; init; }

    /// <summary>
    /// Where the server keeps what outlives it: a folder, in which nothing is made before there is something to keep, or the address of a
    /// PostgreSQL database (<c>postgres://USER:PASSWORD@HOST:PORT/DATABASE</c>). Null to keep nothing; then what would be kept is refused.
    /// </summary>
    public string? State { get; init; }

    /// <summary>The longest body of a request, in bytes.</summary>
    public long MaxRequestBytes { get; init; } = 32 << 20;

    /// <summary>
    /// How long a request may take, waiting included; then it ends with an error that says so. Null for as long as it takes.
    /// </summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>How long running requests may go on once the server is asked to stop. Then they end with an error that says so.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether each request leaves a line on standard error. Failures of the server always do.</summary>
    public bool LogRequests { get; init; }

    /// <summary>Whether that line holds the request's body too, and so what people wrote. Never without being asked for.</summary>
    public bool LogPrompts { get; init; }

    /// <summary>How the log is written.</summary>
    public LogFormat LogFormat { get; init; }

    /// <summary>Whether <c>GET /metrics</c> tells Prometheus what the server does.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>The certificate to encrypt connections with; null for none.</summary>
    public TlsFiles? Tls { get; init; }

    /// <summary>The origins whose web pages may read replies; <c>*</c> among them for all. None by default.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>How much, and how slowly, a client may send; bodies have <see cref="MaxRequestBytes"/>.</summary>
    public ConnectionLimits Limits { get; init; } = new();

    /// <summary>Where models say what goes wrong beside all requests.</summary>
    internal Notices Notices { get; } = new();
}
