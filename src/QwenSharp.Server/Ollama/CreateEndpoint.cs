using System.Runtime.CompilerServices;
using System.Text.Json;
using QwenSharp.Protocols.Ollama;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Ollama;

/// <summary><c>POST /api/create</c>: a model of another, or of uploaded weights, with settings of its own.</summary>
internal sealed class CreateEndpoint(DialectService service)
{
    public async Task InvokeAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token, declared: false).ConfigureAwait(false);
        CreateRequest request = CreateRequest.Read(body.RootElement);
        CreatedModels store = ChangesEndpoint.Store(service);
        string name = ChangesEndpoint.FreeName(service, request.Model);
        CreatedModel created = request.Digest is { } digest ? OfWeights(store, name, digest, request) : OfModel(name, request);
        await ProgressSender
            .SendAsync(service, http, SaveAsync(store, created, work.Token), request.Stream, work.Token)
            .ConfigureAwait(false);
    }

    private static async IAsyncEnumerable<ProgressReply> SaveAsync(
        CreatedModels store, CreatedModel model, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new ProgressReply($"using existing layer {model.From}");
        await Task.Run(() => store.Save(model), cancellationToken).ConfigureAwait(false);
        yield return new ProgressReply("writing manifest");
        yield return new ProgressReply("success");
    }

    private static CreatedModel OfWeights(CreatedModels store, string name, string digest, CreateRequest request)
    {
        string path = store.Blobs.Find(digest) ?? throw new HttpFault(
            StatusCodes.Status400BadRequest,
            HttpFaultKind.UnknownModel,
            $"The blob '{Excerpt.Of(digest)}' is not here. Upload it to /api/blobs first.");
        try
        {
            QwenModelInfo.Read(path);
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException)
        {
            throw new HttpFault(
                StatusCodes.Status400BadRequest, HttpFaultKind.Malformed, $"The blob '{digest}' is no GGUF file that can be read.", fault);
        }

        return new CreatedModel(name, digest, path, request.Preset, request.Licenses, DateTimeOffset.UtcNow);
    }

    // Of a model that was created itself its own settings stay, where the new ones say nothing.
    private CreatedModel OfModel(string name, CreateRequest request)
    {
        ModelEntry from = OllamaNames.Find(service.Models, request.From!);
        return new CreatedModel(
            name,
            from.Created?.From ?? from.Name,
            from.Created?.Path,
            (from.Preset ?? new()).Under(request.Preset),
            request.Licenses.Count > 0 ? request.Licenses : from.Created?.Licenses ?? [],
            DateTimeOffset.UtcNow);
    }
}
