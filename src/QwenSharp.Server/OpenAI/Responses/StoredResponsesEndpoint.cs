using System.Text.Json.Nodes;
using Microsoft.Extensions.Primitives;
using QwenSharp.Faults;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.OpenAI.Responses;

/// <summary>Responses that are kept: <c>/v1/responses/{id}</c>, its <c>input_items</c>, and <c>cancel</c>.</summary>
internal sealed class StoredResponsesEndpoint(IResponseStore store)
{
    public const string IdParameter = "response";

    public async Task ShowAsync(HttpContext http)
    {
        // What may be included is there.
        foreach ((string name, StringValues value) in http.Request.Query)
        {
            bool asksNothing = name is "include" or "include[]" || (name is "stream" or "include_obfuscation" && value == "false");
            if (!asksNothing)
                throw new OptionNotSupportedException(Excerpt.Of(name), "is not honoured: a kept response comes whole. Leave it out.");
        }

        StoredObject stored = await FindAsync(http).ConfigureAwait(false);
        await SendAsync(http, JsonObject.Create(stored.Body)!).ConfigureAwait(false);
    }

    public async Task DeleteAsync(HttpContext http)
    {
        StoredObject stored = await FindAsync(http).ConfigureAwait(false);
        await store.RemoveAsync(stored.Id, http.RequestAborted).ConfigureAwait(false);
        await SendAsync(http, new JsonObject { ["id"] = stored.Id, ["object"] = "response", ["deleted"] = true }).ConfigureAwait(false);
    }

    public async Task ListInputAsync(HttpContext http)
    {
        StoredObject stored = await FindAsync(http).ConfigureAwait(false);
        await SendAsync(http, ItemPage.Of([.. stored.Items.Take(stored.Inputs)], http.Request.Query)).ConfigureAwait(false);
    }

    // What is kept has ended: nothing runs in the background.
    public async Task CancelAsync(HttpContext http)
    {
        StoredObject stored = await FindAsync(http).ConfigureAwait(false);
        throw new HttpFault(
            StatusCodes.Status400BadRequest,
            HttpFaultKind.Malformed,
            $"The response '{stored.Id}' does not run in the background: it has ended. A running one ends when its connection is closed.");
    }

    private async Task<StoredObject> FindAsync(HttpContext http)
    {
        string id = (string)http.Request.RouteValues[IdParameter]!;
        StoredObject? stored = id.StartsWith("resp_", StringComparison.Ordinal)
            ? await store.FindAsync(id, http.RequestAborted).ConfigureAwait(false)
            : null;
        return stored ?? throw Missing.Of("response", id);
    }

    private static Task SendAsync(HttpContext http, JsonObject reply) => JsonReply.SendAsync(http, reply, OpenAIJson.Default.JsonObject);
}
