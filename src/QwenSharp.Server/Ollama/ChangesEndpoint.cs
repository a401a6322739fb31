using System.Text.Json;
using QwenSharp.Hub;
using QwenSharp.Protocols.Ollama;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Ollama;

/// <summary><c>POST /api/copy</c> and <c>DELETE /api/delete</c>.</summary>
internal sealed class ChangesEndpoint(DialectService service)
{
    /// <summary>Where created models are kept, for those who may create some.</summary>
    /// <exception cref="HttpFault">403: nobody may.</exception>
    public static CreatedModels Store(DialectService service)
    {
        service.Changes.Require();
        return service.Models.Library?.Created ?? throw new HttpFault(
            StatusCodes.Status403Forbidden,
            HttpFaultKind.Forbidden,
            "This server creates no models: it was started without a place for them.");
    }

    /// <summary>A name that a created model may have.</summary>
    /// <exception cref="HttpFault">400: the server was started with a model of this name.</exception>
    public static string FreeName(DialectService service, string name)
    {
        string bare = OllamaNames.Bare(name);
        return service.Models.Given.All(entry => entry.Name != bare)
            ? bare
            : throw new HttpFault(
                StatusCodes.Status400BadRequest,
                HttpFaultKind.Malformed,
                $"'{bare}' is a model that the server was started with; choose another name.");
    }

    public async Task CopyAsync(HttpContext http)
    {
        using JsonDocument body =
            await RequestBody.ReadAsync(http.Request, http.RequestAborted, declared: false).ConfigureAwait(false);
        CopyRequest request = CopyRequest.Read(body.RootElement);
        CreatedModels store = Store(service);
        ModelEntry source = OllamaNames.Find(service.Models, request.Source, advice: "");
        string name = FreeName(service, request.Destination);
        store.Save(source.Created is { } created
            ? created with { Name = name, Made = DateTimeOffset.UtcNow }
            : new CreatedModel(name, source.Name, null, new ModelPreset(), [], DateTimeOffset.UtcNow));
    }

    public async Task DeleteAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token, declared: false).ConfigureAwait(false);
        ModelRequest request = ModelRequest.Read(body.RootElement);
        service.Changes.Require();
        ModelEntry entry = OllamaNames.FindItself(service.Models, request.Model);
        ModelLibrary? library = service.Models.Library;
        if (entry.Created is { } created)
        {
            // Weights of its own go with it, and so must not be in use.
            if (created.Path is not null)
                await service.Models.UnloadAsync(entry, work.Token).ConfigureAwait(false);

            library!.Created!.Remove(created);
        }
        else if (entry.Origin == ModelOrigin.Hub && !entry.Description.Stays && library!.Cached(entry.Name) is { } cached)
        {
            await service.Models.UnloadAsync(entry, work.Token).ConfigureAwait(false);
            await Task.Run(() => new ModelCache(library.Hub).Remove(cached), work.Token).ConfigureAwait(false);
        }
        else
        {
            throw new HttpFault(
                StatusCodes.Status400BadRequest,
                HttpFaultKind.Malformed,
                $"'{entry.Name}' is not deleted: {(entry.Origin == ModelOrigin.Folder
                    ? "it lies in a folder of the server's owner."
                    : "the server was started with it.")}");
        }
    }
}
