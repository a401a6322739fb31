using System.Diagnostics;
using System.Text.Json;

namespace QwenSharp.Server.Http;

/// <summary>One line a request, once it has ended.</summary>
internal sealed partial class RequestLog(RequestDelegate next, ILogger<RequestLog> log)
{
    /// <summary>Where endpoints leave the caller's own name for who asks. It is escaped in the log, lest it forge lines.</summary>
    public static readonly object User = new();

    /// <summary>Where it is left what the prefix cache had of a prompt.</summary>
    public static readonly object Cache = new();

    public async Task InvokeAsync(HttpContext http)
    {
        long start = Stopwatch.GetTimestamp();
        await next(http).ConfigureAwait(false);
        if (!log.IsEnabled(LogLevel.Information))
            return;

        // What proxies write for a client that did not wait.
        int status = http.RequestAborted.IsCancellationRequested ? 499 : http.Response.StatusCode;
        Log.Served(
            log,
            http.Request.Method,
            http.Request.Path.ToUriComponent(),
            status,
            (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds,
            http.TraceIdentifier,
            (http.Items[User] is string user ? $" user \"{JsonEncodedText.Encode(user)}\"" : "")
                + (http.Items[Cache] is string cache ? $" cache \"{cache}\"" : ""));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Method} {Path} {Status} {Milliseconds} ms {RequestId}{Notes}")]
        public static partial void Served(
            ILogger logger, string method, string path, int status, long milliseconds, string requestId, string notes);
    }
}
