namespace QwenSharp.Server.Http;

/// <summary><c>GET /health</c>: the models are loaded before the server listens, so that it answers is the news.</summary>
internal static class Health
{
    public static Task AnswerAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        return http.Response.WriteAsync("""{"status":"ok"}""", http.RequestAborted);
    }
}
