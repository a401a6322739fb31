using Microsoft.AspNetCore.Http.Features;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Ollama;

/// <summary><c>HEAD</c> and <c>POST /api/blobs/sha256:…</c>: weights to create a model of.</summary>
internal sealed class BlobsEndpoint(DialectService service)
{
    public const string DigestParameter = "digest";

    public Task LookAsync(HttpContext http)
    {
        http.Response.StatusCode = ChangesEndpoint.Store(service).Blobs.Find(Digest(http)) is null
            ? StatusCodes.Status404NotFound
            : StatusCodes.Status200OK;
        return Task.CompletedTask;
    }

    public async Task SaveAsync(HttpContext http)
    {
        BlobStore blobs = ChangesEndpoint.Store(service).Blobs;
        string digest = Digest(http);

        // A web page of another origin can post bytes without asking the server first.
        if (http.Request.Headers.ContainsKey("Origin"))
            throw new HttpFault(StatusCodes.Status403Forbidden, HttpFaultKind.Forbidden, "Web pages may not upload to this server.");
        if (!BlobStore.IsDigest(digest))
        {
            throw new HttpFault(
                StatusCodes.Status400BadRequest,
                HttpFaultKind.Malformed,
                $"'{Excerpt.Of(digest)}' is no digest: it must be sha256: and 64 hexadecimal digits.");
        }

        // Weights are longer than any request; who may upload them may fill the disk with models too.
        http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        using CancellationTokenSource work = service.Replies.Work(http);
        if (blobs.Find(digest) is null && !await blobs.SaveAsync(digest, http.Request.Body, work.Token).ConfigureAwait(false))
        {
            throw new HttpFault(
                StatusCodes.Status400BadRequest, HttpFaultKind.Malformed, $"The content is not what its digest '{digest}' says.");
        }

        http.Response.StatusCode = StatusCodes.Status201Created;
    }

    private static string Digest(HttpContext http) => (string)http.Request.RouteValues[DigestParameter]!;
}
