using System.Buffers;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.OpenAI.Responses;

namespace QwenSharp.Server.OpenAI;

/// <summary>
/// OpenAI's protocol: <c>/v1/models</c>, <c>/v1/chat/completions</c>, <c>/v1/responses</c>, <c>/v1/conversations</c>,
/// <c>/v1/completions</c>, <c>/v1/embeddings</c>, <c>/v1/moderations</c>, <c>/v1/files</c>, <c>/v1/batches</c>.
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
        RequestDelegate chat = new ChatCompletionsEndpoint(service).InvokeAsync;
        RequestDelegate completions = new CompletionsEndpoint(service).InvokeAsync;
        RequestDelegate embeddings = new EmbeddingsEndpoint(service).InvokeAsync;
        OpenAIBatchForm form = new(this, new Dictionary<string, RequestDelegate>
        {
            ["/v1/chat/completions"] = chat,
            ["/v1/completions"] = completions,
            ["/v1/embeddings"] = embeddings,
        });
        service.Batches?.Add(form);
        FilesEndpoint files = new(service.Batches);
        BatchesEndpoint batches = new(service.Batches, form);
        string[] get = [HttpMethods.Get, HttpMethods.Head];
        foreach (string prefix in Prefixes)
        {
            routes.MapMethods($"{prefix}/models", get, list.ListAsync);
            routes.MapMethods($"{prefix}/models/{{**{ModelsEndpoint.IdParameter}}}", get, list.ShowAsync);
            routes.MapPost($"{prefix}/chat/completions", chat);
            routes.MapPost($"{prefix}/completions", completions);
            routes.MapPost($"{prefix}/embeddings", embeddings);
            routes.MapPost($"{prefix}/moderations", new ModerationsEndpoint(service).InvokeAsync);
            routes.MapPost($"{prefix}/files", files.UploadAsync);
            routes.MapMethods($"{prefix}/files", get, files.ListAsync);
            routes.MapMethods($"{prefix}/files/{{{FilesEndpoint.IdParameter}}}", get, files.ShowAsync);
            routes.MapMethods($"{prefix}/files/{{{FilesEndpoint.IdParameter}}}/content", get, files.ContentAsync);
            routes.MapDelete($"{prefix}/files/{{{FilesEndpoint.IdParameter}}}", files.DeleteAsync);
            routes.MapPost($"{prefix}/batches", batches.CreateAsync);
            routes.MapMethods($"{prefix}/batches", get, batches.ListAsync);
            routes.MapMethods($"{prefix}/batches/{{{BatchesEndpoint.IdParameter}}}", get, batches.ShowAsync);
            routes.MapPost($"{prefix}/batches/{{{BatchesEndpoint.IdParameter}}}/cancel", batches.CancelAsync);
        }

        ResponseRoutes.Map(routes, service, Prefixes);
        AbsentRoutes.Map(routes, Prefixes);
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
