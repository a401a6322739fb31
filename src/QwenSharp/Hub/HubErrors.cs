using System.Net;

namespace QwenSharp.Hub;

/// <summary>What a refusing answer of a hub means, and what a person can do about it.</summary>
internal static class HubErrors
{
    /// <summary>
    /// The error for a status that is no success: one to try again after (<see cref="TransientException"/>), or the last word
    /// (<see cref="HubException"/>).
    /// </summary>
    /// <param name="site">The hub.</param>
    /// <param name="what">What was asked for: a repository, or a file of one.</param>
    /// <param name="page">Where a person reads about the repository.</param>
    /// <param name="from">Who answered: the hub, or a host it sent us to.</param>
    /// <param name="response">The answer.</param>
    /// <param name="now">The time, for a date in Retry-After.</param>
    public static Exception Of(HubSite site, string what, Uri page, Uri from, HttpResponseMessage response, DateTimeOffset now)
    {
        int status = (int)response.StatusCode;
        string who = site.Owns(from) ? site.Name : $"{site.Name}'s storage at {from.Host}";
        switch (response.StatusCode)
        {
            // Links to the storage are signed and expire; the next attempt asks the hub for a new one.
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound when !site.Owns(from):
                return new TransientException($"{who} refused {what} with status {status}.");
            case HttpStatusCode.Unauthorized when site.Token is null:
                return new HubException(
                    $"{site.Name} does not show {what} without a token: it is private or gated, or does not exist. "
                        + $"Accept its licence at {page} if it asks for that, and put a token from {site.TokenPage} into "
                        + $"{site.TokenVariable}."
                );
            case HttpStatusCode.Unauthorized:
                return new HubException(
                    $"{site.Name} does not show {what} to the token in {site.TokenVariable}: the token is not valid, may not read this, "
                        + $"or the repository does not exist. Tokens: {site.TokenPage}."
                );
            case HttpStatusCode.Forbidden:
                return new HubException(
                    $"{site.Name} refuses {what}: accept its licence at {page}"
                        + (site.Token is null
                            ? $" and put a token from {site.TokenPage} into {site.TokenVariable}."
                            : $" with the account whose token is in {site.TokenVariable}."));
            case HttpStatusCode.NotFound or HttpStatusCode.Gone:
                return new HubException(
                    $"{site.Name} has no {what}. See {page}; private repositories need a token in {site.TokenVariable}.");
            case HttpStatusCode.RequestedRangeNotSatisfiable:
                return new HubException(
                    $"{who} says that {what} is shorter than listed. Pull again; if that does not help, the file on the hub is damaged.");
            case HttpStatusCode.TooManyRequests:
                return new TransientException($"{who} has had too many requests from here (429)."
                    + (site.Token is null ? $" A token in {site.TokenVariable} raises the limit." : ""), RetryAfter(response, now));
            case HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError:
                return new TransientException($"{who} answered {status} for {what}.", RetryAfter(response, now));
            default:
                return new HubException($"{who} answered {status} {response.ReasonPhrase} for {what}.");
        }
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response, DateTimeOffset now) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date > now ? date - now : TimeSpan.Zero,
        _ => null,
    };
}
