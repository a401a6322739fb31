using QwenSharp.Server.Operations;

namespace QwenSharp.Server.Http;

/// <summary>
/// Refuses requests once the server drains, and counts those that run. Whether it is alive, and its metrics, it tells to the end.
/// </summary>
internal sealed class DrainGuard(RequestDelegate next, Shutdown shutdown)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (Health.IsAsked(http.Request) || MetricsEndpoint.IsAsked(http.Request))
        {
            await next(http).ConfigureAwait(false);
            return;
        }

        if (!shutdown.TryEnter())
        {
            throw new HttpFault(
                StatusCodes.Status503ServiceUnavailable, HttpFaultKind.ShuttingDown, "The server is shutting down. Ask again later.")
            {
                RetryAfter = Shutdown.RetryAfter,
            };
        }

        try
        {
            await next(http).ConfigureAwait(false);
        }
        finally
        {
            shutdown.Leave();
        }
    }
}
