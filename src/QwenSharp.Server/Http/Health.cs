using QwenSharp.Server.Operations;

namespace QwenSharp.Server.Http;

/// <summary>
/// <c>GET /health</c>, <c>/health/live</c> and <c>/health/ready</c>: the models are loaded before the server listens, so that it answers is
/// the news. A server that drains is alive and not ready.
/// </summary>
internal static class Health
{
    public const string Path = "/health";
    public const string Live = "/health/live";
    public const string Ready = "/health/ready";

    /// <summary>Whether a request asks for it, with a slash at the end or without, as routing takes both.</summary>
    public static bool IsAsked(HttpRequest request) =>
        request.Path.Value is { } path && (path.EndsWith('/') ? path[..^1] : path) is Path or Live or Ready;

    public static Task AnswerAsync(HttpContext http) => SayAsync(http, "ok");

    /// <summary>503 once the server drains, so that who shares out requests sends it no more.</summary>
    public static Task AnswerReadyAsync(HttpContext http)
    {
        if (!http.RequestServices.GetRequiredService<Shutdown>().IsDraining)
            return SayAsync(http, "ok");

        http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return SayAsync(http, "draining");
    }

    private static Task SayAsync(HttpContext http, string status)
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        return http.Response.WriteAsync($$"""{"status":"{{status}}"}""", http.RequestAborted);
    }
}
