using System.Collections.Concurrent;
using Polly;
using QwenSharp.Gateway.Configuration;
using QwenSharp.Gateway.Forwarding;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Routing;

/// <summary>All who may answer: the models of providers, and those of this process.</summary>
public sealed class DestinationSet : IDisposable
{
    private readonly HttpMessageInvoker _http = ProviderHttp.Create();
    private readonly Dictionary<string, Func<string, IDestination>> _providers = new(StringComparer.Ordinal);

    // What is asked for by name without being on a route shares the breaker of its provider: names are the clients' to invent.
    private readonly Dictionary<string, ResiliencePipeline<RouteReply>> _breakers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Breaker, int Retries), ResiliencePipeline<RouteReply>> _attempts = [];
    private readonly Func<string, IDestination> _local;
    private readonly TimeProvider _time;

    /// <summary>Connects to nobody yet.</summary>
    /// <param name="settings">The providers, and the routes to them.</param>
    /// <param name="local">The model of this process by a name; it may turn out not to be there.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">A setting that a provider's kind needs is missing; the error names it.</exception>
    public DestinationSet(GatewaySettings settings, Func<string, IDestination> local, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(settings);
        (_local, _time) = (local, time);
        foreach (ProviderPlace place in settings.Providers)
        {
            Provider provider = Provider.Create(place.Settings, _http);
            Forwarder forwarder = new(place.Settings, Forms.Of(place.Settings), _http);
            _providers.Add(place.Settings.Name, model => new ProviderDestination(provider, forwarder, model, place.DataClasses));
        }

        string[] targets = [.. settings.Routes.SelectMany(route => route.Targets).Select(target => $"{target}")];
        foreach (string name in targets.Concat(_providers.Keys).Append(RouteTarget.Local).Distinct())
            _breakers.Add(name, Resilience.Breaker(time));
    }

    /// <summary>A target as a route asks it.</summary>
    internal RouteStop Stop(RouteTarget target, int retries) => new(
        DestinationOf(target) ?? throw new ArgumentException($"There is no provider '{target.Provider}'."),
        target.Weight,
        _attempts.GetOrAdd(
            (_breakers.ContainsKey($"{target}") ? $"{target}" : target.Provider, retries),
            key => Resilience.Retrying(_breakers[key.Breaker], key.Retries, _time)));

    /// <summary>Whether somebody has the name of a target's provider.</summary>
    internal bool Has(RouteTarget target) => target.IsLocal || _providers.ContainsKey(target.Provider);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private IDestination? DestinationOf(RouteTarget target) =>
        target.IsLocal ? _local(target.Model)
        : _providers.TryGetValue(target.Provider, out Func<string, IDestination>? provider) ? provider(target.Model)
        : null;
}
