namespace QwenSharp.Server.Http;

/// <summary><c>GET /health</c>: the models are loaded before the server listens, so that it answers is the news.</summary>
internal static class Health
{
    public const string Path = "/health";

    /// <summary>Whether a request asks for it, with a slash at the end or without, as routing takes both.</summary>
    public static bool IsAsked(HttpRequest request) => request.Path == Path || request.Path == Path + "/";

    public static Task AnswerAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        return http.Response.WriteAsync("""{"status":"ok"}""", http.RequestAborted);
    }
}
