using System.Buffers;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.Requests;
using QwenSharp.Protocols.SelfHosted;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.SelfHosted;

/// <summary>
/// What vLLM and llama-server have beside OpenAI's protocol, and their clients use: ranking, tokens, templates, fill-in-the-middle, and the
/// state of the server.
/// </summary>
internal sealed class SelfHostedDialect : IDialect
{
    private const string Scheme = "Bearer ";

    private static readonly PathString[] Paths =
    [
        "/tokenize", "/detokenize", "/apply-template", "/infill", "/props", "/slots", "/version", "/rerank", "/reranking", "/score",
    ];

    /// <inheritdoc/>
    public string KeyPlace => "the header 'Authorization: Bearer KEY' or 'X-Api-Key: KEY'";

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes, DialectService service)
    {
        RankingEndpoints ranking = new(service);
        foreach (string path in (string[])["/rerank", "/v1/rerank", "/v2/rerank", "/reranking", "/v1/reranking"])
            routes.MapPost(path, ranking.RerankAsync);

        foreach (string path in (string[])["/score", "/v1/score"])
            routes.MapPost(path, ranking.ScoreAsync);

        TokenEndpoints tokens = new(service);
        routes.MapPost("/tokenize", tokens.TokenizeAsync);
        routes.MapPost("/detokenize", tokens.DetokenizeAsync);
        routes.MapPost("/apply-template", tokens.ApplyTemplateAsync);
        routes.MapPost("/infill", new InfillEndpoint(service).InvokeAsync);

        StateEndpoints state = new(service);
        string[] get = [HttpMethods.Get, HttpMethods.Head];
        routes.MapMethods("/props", get, state.PropertiesAsync);
        routes.MapMethods("/slots", get, state.SlotsAsync);
        routes.MapMethods("/version", get, StateEndpoints.VersionAsync);
    }

    /// <inheritdoc/>
    public bool Owns(PathString path) => Paths.Any(own => path.StartsWithSegments(own));

    /// <inheritdoc/>
    public string? KeyOf(HttpRequest request)
    {
        string header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim()
            : request.Headers["X-Api-Key"].FirstOrDefault() is { Length: > 0 } key ? key
            : header.Length == 0 ? null
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
        WireJson.Write(output, new SelfHostedErrorReply(Word(fault)), SelfHostedJson.Default.SelfHostedErrorReply);

    /// <summary>A fault as the error object.</summary>
    public static SelfHostedError Word(HttpFault fault) => fault.Option is { } option ? SelfHostedFaults.Word(option) : new SelfHostedError(
        fault.Status,
        Excerpt.Of(fault.Message, SelfHostedFaults.MaxMessage),
        fault.Kind switch
        {
            HttpFaultKind.Key => "authentication_error",
            HttpFaultKind.UnknownModel or HttpFaultKind.UnknownPath => "not_found_error",
            HttpFaultKind.Busy or HttpFaultKind.ShuttingDown => "unavailable_error",
            HttpFaultKind.Internal => "server_error",
            _ => "invalid_request_error",
        },
        fault.Kind == HttpFaultKind.UnknownModel ? "model" : null);
}
