using System.Security.Cryptography;
using System.Text;
using QwenSharp.Server.Callers;
using QwenSharp.Server.Dialects;

namespace QwenSharp.Server.Http;

/// <summary>
/// Lets only those in who have a key, in the header of their dialect: the server's own, which may do everything, or one of the state, whose
/// holder is known from then on. Where there is none of either, everybody on this machine is let in. Whether the server is alive
/// everybody may know.
/// </summary>
internal sealed class ApiKeyGuard(
    RequestDelegate next, ServerOptions options, KeyRing? keys, CallerContext callers, DialectSet dialects, TimeProvider time)
{
    private readonly byte[]? _own = options.ApiKey is { } key ? Hash(key) : null;
    private readonly bool _open = options.ApiKey is null && (options.OpenToAll || LoopbackGuard.IsLoopback(options.Host));

    public async Task InvokeAsync(HttpContext http)
    {
        if (Health.IsAsked(http.Request) || await CallerAsync(http).ConfigureAwait(false) is not { } caller)
        {
            await next(http).ConfigureAwait(false);
            return;
        }

        callers.Current = caller;
        IDialect dialect = dialects.Of(http);
        if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method))
        {
            await next(http).ConfigureAwait(false);
            return;
        }

        KeyAllowance allowance = caller.Budget.Begin(caller.Key.Terms);
        dialect.WriteLimits(allowance, time.GetUtcNow(), http.Response.Headers);
        if (allowance.Reached is { } reached)
            throw Over(reached, allowance, caller);

        try
        {
            await next(http).ConfigureAwait(false);
        }
        finally
        {
            caller.Budget.End();
        }
    }

    /// <summary>The holder of the request's key; null where it needs none, or has the server's own.</summary>
    private async Task<Caller?> CallerAsync(HttpContext http)
    {
        IDialect dialect = dialects.Of(http);
        string? given = dialect.KeyOf(http.Request);
        if (given is not null && _own is not null && CryptographicOperations.FixedTimeEquals(Hash(given), _own))
            return null;

        bool any = keys is not null && await keys.AnyAsync(http.RequestAborted).ConfigureAwait(false);
        if (!any && _open)
            return null;

        if (given is null)
        {
            throw Wrong(
                any ? $"This server needs an API key, in {dialect.KeyPlace}." : $"This server needs its API key, in {dialect.KeyPlace}.");
        }

        Caller? caller = any ? await keys!.FindAsync(given, http.RequestAborted).ConfigureAwait(false) : null;
        return caller switch
        {
            null => throw Wrong(
                any
                    ? $"The API key in {dialect.KeyPlace} is unknown to this server."
                    : $"The API key in {dialect.KeyPlace} is not the one of this server."),
            { Key.Revoked: { } revoked } => throw Wrong($"The API key {caller.Key.Id} was revoked on {revoked:yyyy-MM-dd}."),
            { Key.Terms.Expires: { } expires } when expires <= time.GetUtcNow() =>
                throw Wrong($"The API key {caller.Key.Id} expired on {expires:yyyy-MM-dd HH:mm} UTC."),
            _ => caller,
        };
    }

    private static HttpFault Over(string reached, KeyAllowance allowance, Caller caller) => new(
        StatusCodes.Status429TooManyRequests,
        HttpFaultKind.RateLimit,
        reached switch
        {
            "requests" => $"The API key {caller.Key.Id} has {allowance.Requests!.Most} requests a minute, and they are used up.",
            "tokens" => $"The API key {caller.Key.Id} has {allowance.Tokens!.Most} tokens a minute, and they are used up.",
            _ => $"The API key {caller.Key.Id} may have {caller.Key.Terms.Concurrent} requests at the same time, and has them.",
        })
    {
        Limit = reached,
        RetryAfter = reached switch
        {
            "requests" => allowance.Requests!.Next,
            "tokens" => allowance.Tokens!.Next,
            _ => TimeSpan.FromSeconds(1),
        },
    };

    private static HttpFault Wrong(string message) => new(StatusCodes.Status401Unauthorized, HttpFaultKind.Key, message);

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
