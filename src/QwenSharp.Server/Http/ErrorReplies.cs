using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Dialects;

namespace QwenSharp.Server.Http;

/// <summary>
/// Gives every request a name and turns what fails, or what no endpoint takes, into a reply with an error in the request's dialect.
/// </summary>
internal sealed partial class ErrorReplies(RequestDelegate next, DialectSet dialects, FaultDescriber faults, ILogger<ErrorReplies> log)
{
    public const string RequestIdHeader = "x-request-id";

    public async Task InvokeAsync(HttpContext http)
    {
        http.TraceIdentifier = $"req_{Guid.NewGuid():N}";
        http.Response.Headers[RequestIdHeader] = http.TraceIdentifier;

        // The dialect is that of the route, which others of ASP.NET's handlers may take off the request.
        IDialect dialect = dialects.Of(http);
        try
        {
            await next(http).ConfigureAwait(false);
            if (!http.Response.HasStarted && http.Response.StatusCode >= StatusCodes.Status400BadRequest)
                await SendAsync(http, dialect, faults.Describe(http, FromStatus(http))).ConfigureAwait(false);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            Log.HungUp(log, http.TraceIdentifier);
        }
        catch (Exception fault) when (!http.Response.HasStarted)
        {
            await SendAsync(http, dialect, faults.Describe(http, fault)).ConfigureAwait(false);
        }
    }

    private static async Task SendAsync(HttpContext http, IDialect dialect, HttpFault fault)
    {
        http.Response.StatusCode = fault.Status;
        http.Response.ContentType = JsonReply.MediaType;
        dialect.WriteHeaders(fault, http.Response.Headers);
        dialect.WriteFault(fault, http.Response.BodyWriter);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted).ConfigureAwait(false);
    }

    private static HttpFault FromStatus(HttpContext http) =>
        http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => new HttpFault(
                404,
                HttpFaultKind.UnknownPath,
                $"There is nothing at {http.Request.Method} {Excerpt.Of(http.Request.Path)}."),
            StatusCodes.Status405MethodNotAllowed => new HttpFault(
                405,
                HttpFaultKind.Method,
                $"{http.Request.Path} does not take {http.Request.Method}; it takes {http.Response.Headers.Allow}."),
            int status => new HttpFault(status, HttpFaultKind.Malformed, $"The request was refused with status {status}."),
        };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "The client of request {RequestId} hung up.")]
        public static partial void HungUp(ILogger logger, string requestId);
    }
}
