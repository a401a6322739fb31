namespace QwenSharp.Server.Operations;

/// <summary><c>GET /metrics</c>, which Prometheus scrapes. A server with a key wants it here too.</summary>
internal static class MetricsEndpoint
{
    public const string Path = "/metrics";

    public static bool IsAsked(HttpRequest request) => request.Path == Path;

    public static Task AnswerAsync(HttpContext http)
    {
        http.Response.ContentType = PrometheusText.MediaType;
        return http.Response.WriteAsync(http.RequestServices.GetRequiredService<PrometheusText>().Write(), http.RequestAborted);
    }
}
