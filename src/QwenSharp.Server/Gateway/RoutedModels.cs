using System.Runtime.CompilerServices;
using System.Text.Json;
using QwenSharp.Gateway.Configuration;
using QwenSharp.Gateway.Forwarding;
using QwenSharp.Gateway.Routing;
using QwenSharp.Server.Callers;
using QwenSharp.Server.Models;
using QwenSharp.Server.Operations;
using QwenSharp.Server.State;

namespace QwenSharp.Server.Gateway;

/// <summary>
/// The names behind which several answer, or somebody elsewhere: routes, and <c>provider/model</c>. What the holder of a key may do and has
/// left holds for them as for a model of this process.
/// </summary>
internal sealed class RoutedModels : IDisposable
{
    private readonly ModelCatalog _models;
    private readonly DestinationSet _destinations;
    private readonly Router _router;
    private readonly DateTimeOffset _since;

    /// <param name="settings">Who answers elsewhere, and the routes.</param>
    /// <param name="models">The models of this process.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">A setting of a provider is missing or wrong.</exception>
    public RoutedModels(GatewaySettings settings, ModelCatalog models, TimeProvider time)
    {
        _models = models;
        _since = time.GetUtcNow();
        _destinations = new DestinationSet(settings, name => new LocalDestination(name, models), time);
        _router = new Router(_destinations, settings.Routes, time, Random.Shared.NextDouble);
        Routes = [.. settings.Routes.Select(route => EntryOf(route.Name))];
    }

    /// <summary>The routes.</summary>
    public IReadOnlyList<ModelEntry> Routes { get; }

    /// <summary>The route or provider's model of a name; null for none.</summary>
    public ModelEntry? Find(string name) =>
        Routes.FirstOrDefault(route => route.Name == name) ?? (_router.Knows(name) ? EntryOf(name) : null);

    /// <summary>Has a request answered where its model is a route or somebody else's.</summary>
    /// <param name="http">The request.</param>
    /// <param name="wire">Its form: who speaks it is sent it as it came.</param>
    /// <param name="body">Its JSON.</param>
    /// <param name="read">Reads it, for everybody else.</param>
    /// <param name="work">Ends the work.</param>
    /// <param name="name">The name that the dialect's spelling of a name means; null where it is the same.</param>
    /// <exception cref="RouteException">Nobody answers.</exception>
    public Task<Routed> AnswerAsync(
        HttpContext http,
        Wire wire,
        JsonDocument body,
        Func<RouteCall> read,
        CancellationToken work,
        Func<string, string>? name = null) => AnswerAsync(http, wire, body, async () => read(), work, name);

    /// <inheritdoc cref="AnswerAsync(HttpContext, Wire, JsonDocument, Func{RouteCall}, CancellationToken, Func{string, string})"/>
    public async Task<Routed> AnswerAsync(
        HttpContext http,
        Wire wire,
        JsonDocument body,
        Func<Task<RouteCall>> read,
        CancellationToken work,
        Func<string, string>? name = null)
    {
        if (EntryOf(body.RootElement, name ?? (same => same)) is not { } entry)
            return Routed.Nowhere;

        Caller? caller = _models.Callers.Current;
        caller?.Require(entry);
        caller?.Require(wire == Wire.Embeddings ? Scopes.Embeddings : Scopes.Chat);

        // The log and the metrics name a route that fails, and not whatever a client makes up behind a provider's name.
        if (Routes.Contains(entry))
            RequestRecord.Of(http).Model = entry.Name;

        RouteRequest request = new(() => OwnAsync(read), RawRequests.Of(http, wire, body));
        RouteReply reply;
        try
        {
            (reply, RouteTrail trail) = await _router.OpenAsync(entry.Name, request, work).ConfigureAwait(false);
            RouteHeaders.Write(http, trail, reply.Dropped);
        }
        catch (RouteException fault)
        {
            RouteHeaders.Write(http, fault.Trail, []);
            if (RouteFaults.Rejected(fault) is not { } rejected)
                throw;

            await ForwardedSender.SendAsync(http, rejected).ConfigureAwait(false);
            return Routed.Sent;
        }

        if (reply is ForwardedReply forwarded)
        {
            await using ConfiguredAsyncDisposable end = forwarded.ConfigureAwait(false);
            await ForwardedSender.SendAsync(http, forwarded, entry.Name, caller, work).ConfigureAwait(false);
            return Routed.Sent;
        }

        ServedModel opened = entry.Routed! with { Chat = new RoutedChat(entry.Name, _router, reply as NeutralReply) };
        return new Routed(new ModelLease(entry, OwnedModel.Of(opened, _models.Callers), TimeSpan.Zero, _ => { }, () => { }), reply);
    }

    /// <inheritdoc/>
    public void Dispose() => _destinations.Dispose();

    // A model of this process serves who asks in their turn, by a route too.
    private async Task<RouteCall> OwnAsync(Func<Task<RouteCall>> read)
    {
        RouteCall call = await read().ConfigureAwait(false);
        return call with { Options = OwnedModel.Of(call.Options, _models.Callers) };
    }

    private ModelEntry? EntryOf(JsonElement body, Func<string, string> name)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("model", out JsonElement model)
            || model.ValueKind == JsonValueKind.Null)
        {
            return _models.OnlyRoute;
        }

        return model.ValueKind == JsonValueKind.String ? _models.TryFindRouted(name(model.GetString()!)) : null;
    }

    private ModelEntry EntryOf(string name)
    {
        OtherPurpose refused = new(name, "a route to other models");
        return new ModelEntry(
            name,
            new ModelDescription($"route:{name}", Path: null, new QwenModelOptions(), Stays: true),
            name,
            ModelOrigin.Route,
            _since)
        {
            Routed = new ServedModel(name, _since, new RoutedChat(name, _router, opened: null), refused)
            {
                Embedding = refused,
                Reranking = refused,
                Moderation = refused,
                Echo = refused,
            },
        };
    }
}
