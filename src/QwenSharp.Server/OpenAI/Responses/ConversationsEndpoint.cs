using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Protocols.OpenAI.Responses;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.OpenAI.Responses;

/// <summary>Conversations, to which responses add their items: <c>/v1/conversations</c> and what is below.</summary>
internal sealed class ConversationsEndpoint(IResponseStore store, ThoughtSealer sealer)
{
    public const string IdParameter = "conversation", ItemParameter = "item";

    public async Task CreateAsync(HttpContext http)
    {
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, http.RequestAborted).ConfigureAwait(false);
        ConversationRequest request = ConversationRequest.ReadNew(body.RootElement, sealer);
        string id = $"conv_{Guid.NewGuid():N}";
        JsonObject conversation = new()
        {
            ["id"] = id,
            ["object"] = "conversation",
            ["created_at"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            ["metadata"] = request.Metadata,
        };
        await store
            .AddAsync(new StoredObject(id, ResponsesRequest.ElementOf(conversation), request.Items), http.RequestAborted)
            .ConfigureAwait(false);
        await SendAsync(http, conversation).ConfigureAwait(false);
    }

    public async Task ShowAsync(HttpContext http) =>
        await SendAsync(http, JsonObject.Create((await FindAsync(http).ConfigureAwait(false)).Body)!).ConfigureAwait(false);

    public async Task ChangeAsync(HttpContext http)
    {
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, http.RequestAborted).ConfigureAwait(false);
        ConversationRequest request = ConversationRequest.ReadChange(body.RootElement);
        StoredObject changed = await ChangeAsync(http, before =>
        {
            JsonObject conversation = JsonObject.Create(before.Body)!;
            conversation["metadata"] = request.Metadata.DeepClone();
            return before with { Body = ResponsesRequest.ElementOf(conversation) };
        }).ConfigureAwait(false);
        await SendAsync(http, JsonObject.Create(changed.Body)!).ConfigureAwait(false);
    }

    public async Task DeleteAsync(HttpContext http)
    {
        StoredObject stored = await FindAsync(http).ConfigureAwait(false);
        await store.RemoveAsync(stored.Id, http.RequestAborted).ConfigureAwait(false);
        JsonObject reply = new() { ["id"] = stored.Id, ["object"] = "conversation.deleted", ["deleted"] = true };
        await SendAsync(http, reply).ConfigureAwait(false);
    }

    public async Task ListItemsAsync(HttpContext http) => await SendAsync(
        http, ItemPage.Of((await FindAsync(http).ConfigureAwait(false)).Items, http.Request.Query)).ConfigureAwait(false);

    public async Task AddItemsAsync(HttpContext http)
    {
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, http.RequestAborted).ConfigureAwait(false);
        ConversationRequest request = ConversationRequest.ReadItems(body.RootElement, sealer);
        await ChangeAsync(http, before => before with { Items = [.. before.Items, .. request.Items] }).ConfigureAwait(false);
        await SendAsync(http, ItemPage.Of(request.Items, hasMore: false)).ConfigureAwait(false);
    }

    public async Task ShowItemAsync(HttpContext http)
    {
        StoredObject stored = await FindAsync(http).ConfigureAwait(false);
        JsonElement item = stored.Find(ItemOf(http)) ?? throw Missing.Of("item", ItemOf(http));
        await SendAsync(http, JsonObject.Create(item)!).ConfigureAwait(false);
    }

    public async Task DeleteItemAsync(HttpContext http)
    {
        string item = ItemOf(http);
        StoredObject changed = await ChangeAsync(http, before => before.Find(item) is null
            ? throw Missing.Of("item", item)
            : before with { Items = [.. before.Items.Where(kept => StoredObject.IdOf(kept) != item)] }).ConfigureAwait(false);
        await SendAsync(http, JsonObject.Create(changed.Body)!).ConfigureAwait(false);
    }

    private async Task<StoredObject> FindAsync(HttpContext http) =>
        await store.FindAsync(IdOf(http), http.RequestAborted).ConfigureAwait(false) ?? throw Missing.Of("conversation", IdOf(http));

    private async Task<StoredObject> ChangeAsync(HttpContext http, Func<StoredObject, StoredObject> change) =>
        await store.ChangeAsync(IdOf(http), change, http.RequestAborted).ConfigureAwait(false)
        ?? throw Missing.Of("conversation", IdOf(http));

    private static string IdOf(HttpContext http)
    {
        string id = (string)http.Request.RouteValues[IdParameter]!;
        return id.StartsWith("conv_", StringComparison.Ordinal) ? id : throw Missing.Of("conversation", id);
    }

    private static string ItemOf(HttpContext http) => (string)http.Request.RouteValues[ItemParameter]!;

    private static Task SendAsync(HttpContext http, JsonObject reply) => JsonReply.SendAsync(http, reply, OpenAIJson.Default.JsonObject);
}
