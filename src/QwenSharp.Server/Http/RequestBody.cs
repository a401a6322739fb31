using System.Text.Json;
using QwenSharp.Faults;

namespace QwenSharp.Server.Http;

/// <summary>The JSON of a request.</summary>
internal static class RequestBody
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads the body whole; the server's limit bounds its length.</summary>
    /// <exception cref="HttpFault">415: it is not declared as JSON. 400: it is not JSON.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        // A web page of another origin can post other content types without asking the server first.
        if (!request.HasJsonContentType())
        {
            throw new HttpFault(
                StatusCodes.Status415UnsupportedMediaType,
                HttpFaultKind.ContentType,
                "The request must have the header 'Content-Type: application/json'.");
        }

        try
        {
            return await JsonDocument.ParseAsync(request.Body, Strict, cancellationToken).ConfigureAwait(false);
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
}
