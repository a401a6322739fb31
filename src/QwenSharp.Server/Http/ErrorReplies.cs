using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Server.Http;

/// <summary>Gives every request a name and turns what fails, or what no endpoint takes, into a reply with a JSON error.</summary>
internal sealed partial class ErrorReplies(RequestDelegate next, FaultDescriber faults, ILogger<ErrorReplies> log)
{
    public const string RequestIdHeader = "x-request-id";

    public async Task InvokeAsync(HttpContext http)
    {
        http.TraceIdentifier = $"req_{Guid.NewGuid():N}";
        http.Response.Headers[RequestIdHeader] = http.TraceIdentifier;
        try
        {
            await next(http).ConfigureAwait(false);
            if (!http.Response.HasStarted && http.Response.StatusCode >= StatusCodes.Status400BadRequest)
                await JsonReply.SendErrorAsync(http, FromStatus(http)).ConfigureAwait(false);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            Log.HungUp(log, http.TraceIdentifier);
        }
        catch (Exception fault) when (!http.Response.HasStarted)
        {
            await JsonReply.SendErrorAsync(http, faults.Describe(http, fault)).ConfigureAwait(false);
        }
    }

    private static OpenAIException FromStatus(HttpContext http) =>
        http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => new OpenAIException(
                404,
                "invalid_request_error",
                $"There is nothing at {http.Request.Method} {http.Request.Path}. See GET /v1/models, POST /v1/chat/completions, POST "
                    + "/v1/completions.",
                code: "unknown_url"),
            StatusCodes.Status405MethodNotAllowed => new OpenAIException(
                405,
                "invalid_request_error",
                $"{http.Request.Path} does not take {http.Request.Method}; it takes {http.Response.Headers.Allow}.",
                code: "method_not_allowed"),
            int status => new OpenAIException(status, "invalid_request_error", $"The request was refused with status {status}."),
        };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "The client of request {RequestId} hung up.")]
        public static partial void HungUp(ILogger logger, string requestId);
    }
}
