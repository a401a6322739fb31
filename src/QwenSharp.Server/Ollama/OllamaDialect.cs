using System.Buffers;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.Ollama;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Ollama;

/// <summary>Ollama's protocol (https://github.com/ollama/ollama/blob/main/docs/api.md) below <c>/api</c>.</summary>
internal sealed class OllamaDialect : IDialect
{
    /// <summary>
    /// What clients are told to be: a version of Ollama whose protocol this is. Some look whether it is new enough for what they send.
    /// </summary>
    public const string Version = "0.20.0";

    private const string Scheme = "Bearer ";

    /// <inheritdoc/>
    public string KeyPlace => "the header 'Authorization: Bearer KEY'";

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes, DialectService service)
    {
        string[] get = [HttpMethods.Get, HttpMethods.Head];
        ModelFacts facts = new();
        ModelsEndpoint models = new(service, facts);
        ChangesEndpoint changes = new(service);
        BlobsEndpoint blobs = new(service);
        routes.MapMethods("/", get, GreetAsync);
        routes.MapMethods("/api/version", get, http =>
            JsonReply.SendAsync(http, new VersionReply(Version), OllamaJson.Default.VersionReply));
        routes.MapPost("/api/chat", new ChatEndpoint(service, facts).InvokeAsync);
        routes.MapPost("/api/generate", new GenerateEndpoint(service, facts).InvokeAsync);
        EmbedEndpoint embed = new(service);
        routes.MapPost("/api/embed", embed.InvokeAsync);
        routes.MapPost("/api/embeddings", embed.InvokeOlderAsync);
        routes.MapMethods("/api/tags", get, models.ListAsync);
        routes.MapMethods("/api/ps", get, models.ListLoadedAsync);
        routes.MapPost("/api/show", models.ShowAsync);
        routes.MapPost("/api/pull", new PullEndpoint(service).InvokeAsync);
        routes.MapPost("/api/create", new CreateEndpoint(service).InvokeAsync);
        routes.MapPost("/api/copy", changes.CopyAsync);
        routes.MapDelete("/api/delete", changes.DeleteAsync);
        routes.MapMethods($"/api/blobs/{{{BlobsEndpoint.DigestParameter}}}", [HttpMethods.Head], blobs.LookAsync);
        routes.MapPost($"/api/blobs/{{{BlobsEndpoint.DigestParameter}}}", blobs.SaveAsync);
    }

    /// <inheritdoc/>
    public bool Owns(PathString path) =>
        // This protocol has no versions in its paths; what has is another's.
        path.StartsWithSegments("/api", out PathString rest) && !rest.StartsWithSegments("/v1");

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
        WireJson.Write(output, Word(fault), OllamaJson.Default.OllamaError);

    /// <summary>A stream of lines, of which the last is an error in a failed one.</summary>
    public static StreamFormat<T> Lines<T>(System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => new(
        LineStream.MediaType,
        (output, line) => LineStream.Write(output, line, type),
        _ => { },
        (output, fault) => LineStream.Write(output, Word(fault), OllamaJson.Default.OllamaError));

    private static OllamaError Word(HttpFault fault) =>
        fault.Option is { } option ? OllamaFaults.Word(option) : new OllamaError(Excerpt.Of(fault.Message, OllamaFaults.MaxMessage));

    private static Task GreetAsync(HttpContext http)
    {
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync("Ollama is running", http.RequestAborted);
    }
}
