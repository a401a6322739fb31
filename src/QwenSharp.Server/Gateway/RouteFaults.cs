using QwenSharp.Faults;
using QwenSharp.Gateway.Forwarding;
using QwenSharp.Gateway.Providers;
using QwenSharp.Gateway.Routing;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.Gateway;

/// <summary>Why nobody answered, as this server's clients are told it.</summary>
internal static class RouteFaults
{
    /// <summary>
    /// What a model of this process said of a request, where nobody else was asked: its own words are the better ones. Else the exception.
    /// </summary>
    public static Exception Unwrapped(Exception fault) =>
        fault is RouteException { Trail.Failed: [{ Fault.InnerException: var inner }] } && IsOwn(inner) ? inner!
        : fault is ProviderException { InnerException: var cause } && IsOwn(cause) ? cause!
        : fault;

    /// <summary>
    /// The refusal of the only one who was asked, in the request's own dialect; null where several were, or the refusal is of this
    /// server's key, which is none of the client's.
    /// </summary>
    public static RejectedReply? Rejected(RouteException fault) =>
        fault.Trail.Failed is [{ Fault: { InnerException: RejectedReply rejected, Error.Kind: var kind } }] && !IsKey(kind)
            ? rejected
            : null;

    /// <summary>The fault of a request that nobody answered, or not to the end.</summary>
    public static HttpFault Of(RouteException fault) => fault.Last is { Error: var error }
        ? Of(error, fault.Message)
        : new HttpFault(StatusCodes.Status403Forbidden, HttpFaultKind.Forbidden, fault.Message);

    /// <inheritdoc cref="Of(RouteException)"/>
    public static HttpFault Of(ProviderError error, string message)
    {
        (int status, HttpFaultKind kind) = error.Kind switch
        {
            ProviderErrorKind.NotFound => (404, HttpFaultKind.UnknownModel),
            ProviderErrorKind.Throttled or ProviderErrorKind.Quota => (429, HttpFaultKind.RateLimit),
            ProviderErrorKind.Billing => (402, HttpFaultKind.Billing),
            ProviderErrorKind.Overloaded => (503, HttpFaultKind.Busy),
            ProviderErrorKind.ContextTooLong => (400, HttpFaultKind.TooLong),
            ProviderErrorKind.TooLarge => (413, HttpFaultKind.TooLarge),
            ProviderErrorKind.ContentFilter => (400, HttpFaultKind.ContentFilter),
            ProviderErrorKind.BadRequest or ProviderErrorKind.UnsupportedParameter => (400, HttpFaultKind.Malformed),
            ProviderErrorKind.Timeout => (504, HttpFaultKind.Deadline),
            _ => (502, HttpFaultKind.Upstream),
        };
        return new HttpFault(status, kind, message) { RetryAfter = error.RetryAfter };
    }

    private static bool IsKey(ProviderErrorKind kind) => kind
        is ProviderErrorKind.AuthMissing or ProviderErrorKind.AuthInvalid or ProviderErrorKind.AuthExpired
        or ProviderErrorKind.AuthRegion or ProviderErrorKind.AuthPlan;

    private static bool IsOwn(Exception? fault) => fault is IOptionFault or HttpFault or QueueFullException;
}
