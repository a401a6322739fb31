using System.Text;
using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Operations;

namespace QwenSharp.Server.Http;

/// <summary>The JSON of a request.</summary>
internal static class RequestBody
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads the body whole; the server's limit bounds its length.</summary>
    /// <param name="request">The request.</param>
    /// <param name="declared">Whether it must be declared as JSON; else what no web page sent need not be.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HttpFault">415: it is not declared as JSON. 400: it is not JSON.</exception>
    /// <exception cref="OptionException">The text of one of its names or values is no Unicode.</exception>
    public static async Task<JsonDocument> ReadAsync(
        HttpRequest request, CancellationToken cancellationToken, bool declared = true)
    {
        // A web page of another origin can post other content types without asking the server first, but not without saying where it is
        // from.
        if (!request.HasJsonContentType() && (declared || request.Headers.ContainsKey("Origin")))
        {
            throw new HttpFault(
                StatusCodes.Status415UnsupportedMediaType,
                HttpFaultKind.ContentType,
                "The request must have the header 'Content-Type: application/json'.");
        }

        ReadOnlyMemory<byte> body = await ReadWholeAsync(request, cancellationToken).ConfigureAwait(false);
        if (request.HttpContext.RequestServices.GetRequiredService<ServerOptions>().LogPrompts)
            RequestRecord.Of(request.HttpContext).Body = Encoding.UTF8.GetString(body.Span);

        if (JsonText.Find(body.Span) is { } place)
        {
            throw place.Path is { } path
                ? new OptionException(OptionFault.Of(FaultKind.OutOfRange, path, $"is not valid Unicode text: {place.Reason}."))
                : new HttpFault(
                    StatusCodes.Status400BadRequest,
                    HttpFaultKind.NotJson,
                    $"The request's body is not valid Unicode text: {place.Reason}.");
        }

        try
        {
            return JsonDocument.Parse(body, Strict);
        }
        catch (JsonException fault)
        {
            throw new HttpFault(
                StatusCodes.Status400BadRequest,
                HttpFaultKind.NotJson,
                $"The request's body is not valid JSON: {JsonProblem.Of(fault)}.",
                fault);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadWholeAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using MemoryStream whole = new((int)Math.Min(request.ContentLength ?? 0, 1 << 20));
        try
        {
            await request.Body.CopyToAsync(whole, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is InvalidDataException or IOException { InnerException: OverflowException })
        {
            // Compressed bytes that are none, and lengths of chunks that no number holds.
            throw new HttpFault(
                StatusCodes.Status400BadRequest,
                HttpFaultKind.Malformed,
                $"The request's body cannot be read: {fault.Message}",
                fault);
        }

        ReadOnlyMemory<byte> body = whole.GetBuffer().AsMemory(0, (int)whole.Length);
        return body.Span.StartsWith("\uFEFF"u8) ? body["\uFEFF"u8.Length..] : body;
    }
}
