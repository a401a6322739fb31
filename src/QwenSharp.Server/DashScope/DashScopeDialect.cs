using System.Buffers;
using QwenSharp.Protocols.DashScope;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.DashScope;

/// <summary>DashScope's own protocol, that of Qwen's cloud: text generation and text embedding.</summary>
internal sealed class DashScopeDialect : IDialect
{
    private const string Scheme = "Bearer ";
    private const string Services = "/api/v1/services";

    /// <inheritdoc/>
    public string KeyPlace => "the header 'Authorization: Bearer KEY'";

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes, DialectService service)
    {
        routes.MapPost($"{Services}/aigc/text-generation/generation", new GenerationEndpoint(service).InvokeAsync);
        routes.MapPost($"{Services}/embeddings/text-embedding/text-embedding", new TextEmbeddingEndpoint(service).InvokeAsync);
    }

    /// <inheritdoc/>
    public bool Owns(PathString path) => path.StartsWithSegments(Services);

    /// <inheritdoc/>
    public string? KeyOf(HttpRequest request)
    {
        string header = request.Headers.Authorization.ToString();
        return header.Length == 0 ? null
            : header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim()
            : "";
    }

    /// <inheritdoc/>
    public void WriteHeaders(HttpFault fault, IHeaderDictionary headers)
    {
        if (fault.Kind == HttpFaultKind.Key)
            headers.WWWAuthenticate = "Bearer";
    }

    /// <inheritdoc/>
    public void WriteFault(HttpFault fault, IBufferWriter<byte> output) =>
        WireJson.Write(output, Word(fault), DashScopeJson.Default.DashScopeError);

    /// <summary>A fault as the protocol's error.</summary>
    public static DashScopeError Word(HttpFault fault) => new(
        Code(fault.Kind),
        fault.Option is { } option ? DashScopeFaults.Word(option) : Excerpt.Of(fault.Message, DashScopeFaults.MaxMessage),
        fault.RequestId ?? "");

    private static string Code(HttpFaultKind kind) => kind switch
    {
        HttpFaultKind.Key => "InvalidApiKey",
        HttpFaultKind.UnknownModel => "ModelNotFound",
        HttpFaultKind.UnknownPath or HttpFaultKind.Method => "InvalidURL",
        HttpFaultKind.Host => "AccessDenied",
        HttpFaultKind.Busy => "Throttling",
        HttpFaultKind.RateLimit => "Throttling.RateQuota",
        HttpFaultKind.Billing => "Arrearage",
        HttpFaultKind.ContentFilter => "DataInspectionFailed",
        HttpFaultKind.Upstream => "ModelServiceFailed",
        HttpFaultKind.ShuttingDown => "ModelServiceFailed",
        HttpFaultKind.Internal => "InternalError",
        _ => DashScopeFaults.InvalidParameter,
    };
}
