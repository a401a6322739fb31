using System.Buffers;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.OpenAI.Responses;

namespace QwenSharp.Server.OpenAI;

/// <summary>
/// OpenAI's protocol: <c>/v1/models</c>, <c>/v1/chat/completions</c>, <c>/v1/responses</c>, <c>/v1/conversations</c>,
/// <c>/v1/completions</c>, <c>/v1/embeddings</c>, <c>/v1/moderations</c>.
/// </summary>
internal sealed class OpenAIDialect : IDialect
{
    private const string Scheme = "Bearer ";

    // The protocol's own, and the one under which Qwen's cloud speaks it.
    private static readonly string[] Prefixes = ["/v1", "/compatible-mode/v1"];

    /// <inheritdoc/>
    public string KeyPlace => "the header 'Authorization: Bearer KEY'";

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes, DialectService service)
    {
        ModelsEndpoint list = new(service.Models);
        string[] get = [HttpMethods.Get, HttpMethods.Head];
        foreach (string prefix in Prefixes)
        {
            routes.MapMethods($"{prefix}/models", get, list.ListAsync);
            routes.MapMethods($"{prefix}/models/{{**{ModelsEndpoint.IdParameter}}}", get, list.ShowAsync);
            routes.MapPost($"{prefix}/chat/completions", new ChatCompletionsEndpoint(service).InvokeAsync);
            routes.MapPost($"{prefix}/completions", new CompletionsEndpoint(service).InvokeAsync);
            routes.MapPost($"{prefix}/embeddings", new EmbeddingsEndpoint(service).InvokeAsync);
            routes.MapPost($"{prefix}/moderations", new ModerationsEndpoint(service).InvokeAsync);
        }

        ResponseRoutes.Map(routes, service, Prefixes);
    }

    /// <inheritdoc/>
    public bool Owns(PathString path) => Prefixes.Any(prefix => path.StartsWithSegments(prefix));

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
        WireJson.Write(output, new OpenAIErrorReply(OpenAIErrors.Word(fault)), OpenAIJson.Default.OpenAIErrorReply);
}
