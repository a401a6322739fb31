using Polly;
using QwenSharp.Gateway.Configuration;

namespace QwenSharp.Gateway.Routing;

/// <summary>A route with those who may answer on it.</summary>
/// <param name="Settings">What is configured.</param>
/// <param name="Stops">Who may answer, in the order of the settings.</param>
internal sealed record Route(RouteSettings Settings, IReadOnlyList<RouteStop> Stops)
{
    /// <summary>The order in which they are asked: as it stands, or drawn by weight.</summary>
    /// <param name="draw">A number from 0 to below 1.</param>
    public IReadOnlyList<RouteStop> Order(Func<double> draw)
    {
        if (!Settings.IsWeighted)
            return Stops;

        List<RouteStop> left = [.. Stops], order = [];
        while (left.Count > 0)
        {
            double at = draw() * left.Sum(stop => stop.Weight);
            int next = 0;
            while (next < left.Count - 1 && (at -= left[next].Weight) >= 0)
                next++;

            order.Add(left[next]);
            left.RemoveAt(next);
        }

        return order;
    }
}

/// <summary>One who may answer.</summary>
/// <param name="Destination">Who.</param>
/// <param name="Weight">How often it comes first.</param>
/// <param name="Attempts">How it is asked: again after some failures, not at all while it is left alone.</param>
internal sealed record RouteStop(IDestination Destination, double Weight, ResiliencePipeline<RouteReply> Attempts);
