using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Server.Http;

/// <summary>
/// What a client is told of a failure: of its own, what to change; of the server's, only the name under which the log says more.
/// </summary>
internal sealed partial class FaultDescriber(Shutdown shutdown, ILogger<FaultDescriber> log)
{
    public OpenAIException Describe(HttpContext http, Exception fault)
    {
        switch (fault)
        {
            case OpenAIException known:
                return known;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return new OpenAIException(
                    413,
                    "invalid_request_error",
                    "The request's body is too large for this server.",
                    code: "request_too_large");
            case BadHttpRequestException bad:
                return new OpenAIException(bad.StatusCode, "invalid_request_error", bad.Message);
            case OperationCanceledException when shutdown.Token.IsCancellationRequested:
                return new OpenAIException(
                    503,
                    "server_error",
                    "The server is shutting down. Ask again later.",
                    code: "server_shutting_down");
            default:
                Log.Failed(log, http.TraceIdentifier, fault);
                return new OpenAIException(
                    500,
                    "server_error",
                    $"The server failed to answer. Its log says more about request {http.TraceIdentifier}.",
                    code: "internal_error");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Request {RequestId} failed.")]
        public static partial void Failed(ILogger logger, string requestId, Exception fault);
    }
}
