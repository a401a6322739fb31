using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Routing;

/// <summary>Who was asked for an answer, in their order, and why each did not give it.</summary>
/// <param name="Route">The name that the request asked for.</param>
/// <param name="Failed">Who did not answer.</param>
/// <param name="Answered">Who did; null for nobody.</param>
public sealed record RouteTrail(string Route, IReadOnlyList<FailedAttempt> Failed, string? Answered)
{
    /// <summary>In one line: <c>route=fast; target=acme/claude-haiku; failed=local/qwen3-4b:overloaded</c>.</summary>
    public override string ToString()
    {
        string failed = string.Join(",", Failed.Select(attempt => $"{attempt.Destination}:{attempt.Reason}"));
        return $"route={Route}" + (Answered is null ? "" : $"; target={Answered}") + (failed.Length == 0 ? "" : $"; failed={failed}");
    }
}

/// <summary>An attempt that brought no answer.</summary>
/// <param name="Destination">Who was asked.</param>
/// <param name="Reason">Why, in one word such as <c>throttled</c>.</param>
/// <param name="Fault">What came instead of an answer; null where it was not asked, as the data may not go there.</param>
public sealed record FailedAttempt(string Destination, string Reason, ProviderException? Fault);
