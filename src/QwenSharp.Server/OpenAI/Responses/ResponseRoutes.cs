using QwenSharp.Protocols.OpenAI.Responses;
using QwenSharp.Server.Callers;
using QwenSharp.Server.Dialects;

namespace QwenSharp.Server.OpenAI.Responses;

/// <summary>The routes of responses and conversations.</summary>
internal static class ResponseRoutes
{
    private static readonly string[] Get = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Adds them.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="service">What answers.</param>
    /// <param name="prefixes">Below which paths.</param>
    public static void Map(IEndpointRouteBuilder routes, DialectService service, IEnumerable<string> prefixes)
    {
        CallerContext callers = service.Models.Callers;
        IResponseStore store =
            service.State is { } state ? new StateResponseStore(state, callers, TimeProvider.System) : new MemoryResponseStore(callers);
        ThoughtSealer sealer = new();
        ResponsesEndpoint responses = new(service, store, sealer);
        StoredResponsesEndpoint stored = new(store);
        ConversationsEndpoint conversations = new(store, sealer);
        foreach (string prefix in prefixes)
        {
            string one = $"{prefix}/responses/{{{StoredResponsesEndpoint.IdParameter}}}";
            routes.MapPost($"{prefix}/responses", responses.AnswerAsync);
            routes.MapPost($"{prefix}/responses/input_tokens", responses.CountAsync);
            routes.MapMethods(one, Get, stored.ShowAsync);
            routes.MapDelete(one, stored.DeleteAsync);
            routes.MapMethods($"{one}/input_items", Get, stored.ListInputAsync);
            routes.MapPost($"{one}/cancel", stored.CancelAsync);

            string conversation = $"{prefix}/conversations/{{{ConversationsEndpoint.IdParameter}}}";
            string item = $"{conversation}/items/{{{ConversationsEndpoint.ItemParameter}}}";
            routes.MapPost($"{prefix}/conversations", conversations.CreateAsync);
            routes.MapMethods(conversation, Get, conversations.ShowAsync);
            routes.MapPost(conversation, conversations.ChangeAsync);
            routes.MapDelete(conversation, conversations.DeleteAsync);
            routes.MapMethods($"{conversation}/items", Get, conversations.ListItemsAsync);
            routes.MapPost($"{conversation}/items", conversations.AddItemsAsync);
            routes.MapMethods(item, Get, conversations.ShowItemAsync);
            routes.MapDelete(item, conversations.DeleteItemAsync);
        }
    }
}
