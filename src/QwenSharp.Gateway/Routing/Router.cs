using System.Globalization;
using Polly;
using Polly.CircuitBreaker;
using QwenSharp.Gateway.Configuration;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Routing;

/// <summary>
/// Finds who answers a request: one after the other of a route is asked, until an answer begins. What would be wrong elsewhere too is not
/// asked elsewhere. Safe to use from several threads.
/// </summary>
/// <param name="destinations">All who may answer.</param>
/// <param name="routes">The routes, by name.</param>
/// <param name="time">The clock.</param>
/// <param name="draw">A number from 0 to below 1, anew each time.</param>
public sealed class Router(DestinationSet destinations, IReadOnlyList<RouteSettings> routes, TimeProvider time, Func<double> draw)
{
    // Somebody else may answer meanwhile; nobody else can.
    private static readonly TimeSpan ShortWait = TimeSpan.FromSeconds(1), LongWait = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, Route> _routes = routes.ToDictionary(
        route => route.Name,
        route => new Route(route, [.. route.Targets.Select(target => destinations.Stop(target, route.Retries))]),
        StringComparer.Ordinal);

    /// <summary>Whether there is a route or a provider's model of a name.</summary>
    public bool Knows(string name) => _routes.ContainsKey(name) || RouteTarget.Parse(name) is { } target && destinations.Has(target);

    /// <summary>Has a request answered.</summary>
    /// <param name="name">A route's name, or <c>provider/model</c>.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellationToken">Ends the search and the answer.</param>
    /// <returns>An answer that has begun, and how it was found.</returns>
    /// <exception cref="RouteException">Nobody answers.</exception>
    public async Task<(RouteReply Reply, RouteTrail Trail)> OpenAsync(
        string name, RouteRequest request, CancellationToken cancellationToken)
    {
        Route route = Find(name) ?? throw new ArgumentException($"There is no route '{name}'.", nameof(name));
        Classified<RouteRequest> guarded = new(request, route.Settings.DataClass);
        Deadline deadline = new(route.Settings.Deadline, time, cancellationToken);
        IReadOnlyList<RouteStop> order = route.Order(draw);
        List<FailedAttempt> failed = [];
        try
        {
            for (int place = 0; place < order.Count; place++)
            {
                RouteStop stop = order[place];
                if (!guarded.TryRelease(stop.Destination, out RouteRequest? released))
                {
                    failed.Add(new FailedAttempt(stop.Destination.Name, "data_class", Fault: null));
                    continue;
                }

                bool isLast = !order.Skip(place + 1).Any(other => guarded.TryRelease(other.Destination, out _));
                try
                {
                    RouteReply reply = await AskAsync(stop, released, route.Settings.Losses, isLast, deadline).ConfigureAwait(false);
                    reply.Deadline = deadline;
                    return (reply, new RouteTrail(name, failed, stop.Destination.Name));
                }
                catch (ProviderException fault)
                {
                    failed.Add(new FailedAttempt(stop.Destination.Name, Word(fault.Error.Kind), fault));
                    if (IsSameElsewhere(fault.Error.Kind) || deadline.IsOver)
                        break;
                }
            }
        }
        catch
        {
            deadline.Dispose();
            throw;
        }

        deadline.Dispose();
        throw new RouteException(new RouteTrail(name, failed, Answered: null), route.Settings.DataClass);
    }

    private static async Task<RouteReply> AskAsync(
        RouteStop stop, RouteRequest request, LossPolicy losses, bool isLast, Deadline deadline)
    {
        ResilienceContext context = ResilienceContextPool.Shared.Get(deadline.Token);
        context.Properties.Set(Resilience.Patience, isLast ? LongWait : ShortWait);
        try
        {
            return await stop.Attempts.ExecuteAsync(
                async attempt => await stop.Destination.OpenAsync(request, losses, attempt.CancellationToken).ConfigureAwait(false),
                context).ConfigureAwait(false);
        }
        catch (BrokenCircuitException left)
        {
            throw LeftAlone(stop, left);
        }
        catch (OperationCanceledException late) when (deadline.IsOver)
        {
            throw new ProviderException(deadline.Error, late);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private Route? Find(string name)
    {
        if (_routes.TryGetValue(name, out Route? route))
            return route;

        if (RouteTarget.Parse(name) is not { } target || !destinations.Has(target))
            return null;

        RouteSettings straight = new(name, [target]);
        return new Route(straight, [destinations.Stop(target, straight.Retries)]);
    }

    private static ProviderException LeftAlone(RouteStop stop, BrokenCircuitException left) => new(
        new ProviderError(
            ProviderErrorKind.Overloaded,
            Retryable: true,
            left.RetryAfter,
            Status: null,
            $"{stop.Destination.Name} has failed again and again and is left alone for a while.",
            AfterFirstToken: false),
        left);

    // Who cannot read the request, or does not want to answer it, is not alone with that.
    private static bool IsSameElsewhere(ProviderErrorKind kind) => kind is ProviderErrorKind.BadRequest or ProviderErrorKind.ContentFilter;

    // auth_missing for AuthMissing.
    private static string Word(ProviderErrorKind kind) => string.Concat(kind.ToString().Select((letter, place) =>
        char.IsUpper(letter)
            ? (place == 0 ? "" : "_") + char.ToLower(letter, CultureInfo.InvariantCulture)
            : letter.ToString()));
}
