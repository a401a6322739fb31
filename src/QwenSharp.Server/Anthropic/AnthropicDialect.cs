using System.Buffers;
using System.Globalization;
using QwenSharp.Protocols.Anthropic;
using QwenSharp.Protocols.Events;
using QwenSharp.Server.Callers;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.Anthropic;

/// <summary>
/// Anthropic's protocol: <c>/v1/messages</c>, <c>/v1/messages/count_tokens</c>, <c>/v1/messages/batches</c>, and <c>/v1/models</c> for
/// requests with the header
/// <c>anthropic-version</c>. Headers of versions and betas are taken as they come: what a request may hold is said by its fields.
/// </summary>
internal sealed class AnthropicDialect : IDialect
{
    private const string Scheme = "Bearer ";
    private const int Overloaded = 529;

    private readonly ThoughtSigner _signer = new();

    /// <inheritdoc/>
    public string KeyPlace => "the header 'x-api-key: KEY' or 'Authorization: Bearer KEY'";

    /// <inheritdoc/>
    public string RequestIdHeader => "request-id";

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes, DialectService service)
    {
        MessagesEndpoint messages = new(service, _signer);
        AnthropicBatchForm form = new(this, messages.AnswerAsync);
        service.Batches?.Add(form);
        BatchesEndpoint batches = new(service.Batches, form);
        routes.MapPost("/v1/messages", messages.AnswerAsync);
        routes.MapPost("/v1/messages/count_tokens", messages.CountAsync);
        ModelsEndpoint list = new(service.Models);
        string[] get = [HttpMethods.Get, HttpMethods.Head];
        const string Batch = $"/v1/messages/batches/{{{BatchesEndpoint.IdParameter}}}";
        routes.MapPost("/v1/messages/batches", batches.CreateAsync);
        routes.MapMethods("/v1/messages/batches", get, batches.ListAsync);
        routes.MapMethods(Batch, get, batches.ShowAsync);
        routes.MapDelete(Batch, batches.DeleteAsync);
        routes.MapPost($"{Batch}/cancel", batches.CancelAsync);
        routes.MapMethods($"{Batch}/results", get, batches.ResultsAsync);
        foreach (string path in (string[])["/v1/files", "/v1/files/{file}", "/v1/files/{file}/content"])
            routes.MapMethods(path, [.. get, HttpMethods.Post, HttpMethods.Delete], RefuseFiles);

        routes.MapMethods("/v1/models", get, list.ListAsync);
        routes.MapMethods($"/v1/models/{{**{ModelsEndpoint.IdParameter}}}", get, list.ShowAsync);
    }

    // Where the path is another dialect's too, that one's answer would be none to a client of this.
    private static Task RefuseFiles(HttpContext http) => throw new HttpFault(
        StatusCodes.Status404NotFound, HttpFaultKind.Missing, "No files are kept for messages. Send their text as a 'document' block.");

    /// <inheritdoc/>
    public bool Owns(PathString path) => path.StartsWithSegments("/v1/messages");

    /// <inheritdoc/>
    public bool IsSpokenBy(HttpRequest request) => request.Headers.ContainsKey("anthropic-version");

    /// <inheritdoc/>
    public string? KeyOf(HttpRequest request)
    {
        string header = request.Headers.Authorization.ToString();
        return request.Headers["x-api-key"].FirstOrDefault() is { Length: > 0 } key ? key
            : header.Length == 0 ? null
            : header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim()
            : "";
    }

    /// <inheritdoc/>
    public int StatusOf(HttpFault fault) => fault.Kind is HttpFaultKind.Busy or HttpFaultKind.ShuttingDown ? Overloaded : fault.Status;

    /// <inheritdoc/>
    public void WriteHeaders(HttpFault fault, IHeaderDictionary headers)
    {
    }

    /// <inheritdoc/>
    public void WriteLimits(KeyAllowance allowance, DateTimeOffset now, IHeaderDictionary headers)
    {
        void Write(string what, Limit? limit)
        {
            if (limit is null)
                return;

            headers[$"anthropic-ratelimit-{what}-limit"] = limit.Most.ToString(CultureInfo.InvariantCulture);
            headers[$"anthropic-ratelimit-{what}-remaining"] = limit.Left.ToString(CultureInfo.InvariantCulture);
            headers[$"anthropic-ratelimit-{what}-reset"] =
                (now + limit.Full).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        }

        Write("requests", allowance.Requests);
        Write("tokens", allowance.Tokens);
    }

    /// <inheritdoc/>
    public void WriteFault(HttpFault fault, IBufferWriter<byte> output) =>
        WireJson.Write(output, AnthropicErrors.Word(fault), AnthropicJson.Default.MessageEvent);
}
