using System.CommandLine;
using QwenSharp.Server;

namespace QwenSharp.Cli.Options;

/// <summary>How a server is operated: its log, its metrics, its limits, TLS and CORS.</summary>
internal sealed class OperationArguments
{
    private static readonly ServerOptions Usual = new() { Models = [] };

    private readonly Option<string> _logFormat =
        Values.Choice("--log-format", "How the log is written: lines for people, or a JSON object a line.", "text", "json");

    private readonly Option<bool> _logPrompts = new("--log-prompts")
    {
        Description = "The log's line of a request holds the request's body too, and so what people wrote.",
    };

    private readonly Option<bool> _noMetrics = new("--no-metrics") { Description = "No GET /metrics for Prometheus." };

    private readonly Option<string?> _otlp = new("--otlp")
    {
        Description =
            $"Where traces and metrics go by OTLP over HTTP, such as http://127.0.0.1:4318; or {EndpointVariable} in the environment.",
        HelpName = "ENDPOINT",
    };

    private readonly Option<string?> _certificate = new("--tls-cert")
    {
        Description = "The certificate to encrypt connections with, and those above it, in PEM; it is read again when it is renewed.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _key = new("--tls-key") { Description = "The certificate's private key, in PEM.", HelpName = "FILE" };

    private readonly Option<string[]> _origins = new("--cors-origin")
    {
        Description = "An origin whose web pages may read replies, such as https://chat.example.com; * for all; repeat for several.",
        HelpName = "ORIGIN",
    };

    private readonly Option<long?> _body = Values.Bytes("--max-body", "The longest body of a request; 32M without it.");

    private readonly Option<long?> _headers = Values.Bytes("--max-headers", "The longest headers of a request, together; 32K without it.");

    private readonly Option<int> _headerTime = Values.Number(
        "--header-timeout", 1, 3600, "Seconds that the headers of a request may take to come.", (int)Usual.Limits.HeaderTime.TotalSeconds);

    private readonly Option<int> _idleTime = Values.Number(
        "--idle-timeout", 1, 86400, "Seconds that a connection may be open without a request.", (int)Usual.Limits.IdleTime.TotalSeconds);

    private readonly Option<int> _bodyRate = Values.Number(
        "--min-body-rate", 0, int.MaxValue, "Bytes a second that a body must come with; 0 for any.", (int)Usual.Limits.BodyRate);

    private readonly Option<int?> _connections = Values.Optional("--max-connections", 1, int.MaxValue, "Connections at a time.");

    private readonly Option<int> _drain = Values.Number(
        "--drain", 0, 3600, "Seconds that running requests may go on once the server is asked to end.", (int)Usual.DrainTime.TotalSeconds);

    public OperationArguments()
    {
        Values.Check(_certificate, File.Exists, "must be a file that is there");
        Values.Check(_key, File.Exists, "must be a file that is there");
        Values.Check(_body, bytes => bytes is null or <= int.MaxValue, "must be below 2G");
        Values.Check(_headers, bytes => bytes is null or (>= 1024 and <= int.MaxValue), "must be at least 1K and below 2G");
        Values.Check(_otlp, IsHttp, "must be an address that begins with http:// or https://");
        Values.Check(_origins, all => all!.All(IsOrigin), "must be *, or a scheme and a host without a path");
    }

    // The variable that OpenTelemetry names for every program.
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])
        [
            _logFormat, _logPrompts, _noMetrics, _otlp, _certificate, _key, _origins, _body, _headers, _headerTime, _idleTime, _bodyRate,
            _connections, _drain,
        ])
        {
            command.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetResult(_certificate) is null != result.GetResult(_key) is null)
                result.AddError("--tls-cert and --tls-key go together.");
        });
    }

    /// <summary>The options of a server with what was given here.</summary>
    public ServerOptions Apply(ParseResult parsed, ServerOptions options) => options with
    {
        LogFormat = parsed.GetValue(_logFormat) == "json" ? LogFormat.Json : LogFormat.Text,
        LogPrompts = parsed.GetValue(_logPrompts),
        Metrics = !parsed.GetValue(_noMetrics),
        Tls = parsed.GetValue(_certificate) is { } certificate ? new TlsFiles(certificate, parsed.GetValue(_key)!) : null,
        CorsOrigins = parsed.GetValue(_origins) ?? [],
        MaxRequestBytes = parsed.GetValue(_body) ?? options.MaxRequestBytes,
        DrainTime = TimeSpan.FromSeconds(parsed.GetValue(_drain)),
        Limits = new ConnectionLimits
        {
            HeaderBytes = (int?)parsed.GetValue(_headers) ?? options.Limits.HeaderBytes,
            HeaderTime = TimeSpan.FromSeconds(parsed.GetValue(_headerTime)),
            IdleTime = TimeSpan.FromSeconds(parsed.GetValue(_idleTime)),
            BodyRate = parsed.GetValue(_bodyRate),
            Connections = parsed.GetValue(_connections),
        },
    };

    /// <summary>Where traces and metrics go; null for nowhere.</summary>
    /// <exception cref="UsageException">The environment's is no address.</exception>
    public Uri? Otlp(ParseResult parsed)
    {
        if (parsed.GetValue(_otlp) is { } given)
            return new Uri(given);
        if (Environment.GetEnvironmentVariable(EndpointVariable) is not { Length: > 0 } said)
            return null;

        return IsHttp(said)
            ? new Uri(said)
            : throw new UsageException($"{EndpointVariable} must be an address that begins with http:// or https://, not '{said}'.");
    }

    private static bool IsHttp(string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https";

    private static bool IsOrigin(string origin) =>
        origin == "*"
        || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && uri.Host != "" && $"{uri.Scheme}://{uri.Authority}" == origin);
}
