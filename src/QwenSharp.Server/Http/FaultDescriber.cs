using QwenSharp.Faults;
using QwenSharp.Gateway.Providers;
using QwenSharp.Gateway.Routing;
using QwenSharp.Server.Gateway;

namespace QwenSharp.Server.Http;

/// <summary>
/// What a client is told of a failure: of its own, what to change; of the server's, only the name under which the log says more. The words
/// are neutral; a dialect shapes them.
/// </summary>
internal sealed partial class FaultDescriber(Shutdown shutdown, ServerOptions options, ILogger<FaultDescriber> log)
{
    // A queue that is full is not empty at once.
    private static readonly TimeSpan AfterQueue = TimeSpan.FromSeconds(5);

    /// <summary>The fault of a request, with the request's name.</summary>
    public HttpFault Describe(HttpContext http, Exception fault)
    {
        HttpFault described = Word(http, RouteFaults.Unwrapped(fault));
        described.RequestId = http.TraceIdentifier;
        return described;
    }

    private HttpFault Word(HttpContext http, Exception fault)
    {
        switch (fault)
        {
            case HttpFault known:
                // Of what went wrong here the client is told a sentence; the log has the rest.
                if (known is { Status: >= StatusCodes.Status500InternalServerError, InnerException: { } cause })
                    Log.Failed(log, http.TraceIdentifier, cause);

                return known;
            case IOptionFault { Fault: var option }:
                return new HttpFault(option);
            case RouteException nobody:
                return RouteFaults.Of(nobody);
            case ProviderException { Error: var error }:
                return RouteFaults.Of(error, error.Message);
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return new HttpFault(413, HttpFaultKind.TooLarge, "The request's body is too large for this server.");
            case BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout }:
                return new HttpFault(408, HttpFaultKind.Malformed, "The request's body came too slowly for this server.");
            case BadHttpRequestException bad:
                return new HttpFault(bad.StatusCode, HttpFaultKind.Malformed, bad.Message);
            case QueueFullException { Asked: var asked, Limit: var limit } when asked > limit:
                return new HttpFault(
                    400,
                    HttpFaultKind.TooMany,
                    $"{asked} answers are asked for at once; this server takes {limit}. Ask for fewer.");
            case QueueFullException:
                return new HttpFault(503, HttpFaultKind.Busy, "Too many requests wait already. Try again later.")
                {
                    RetryAfter = AfterQueue,
                };
            case OperationCanceledException when shutdown.Token.IsCancellationRequested:
                return new HttpFault(503, HttpFaultKind.ShuttingDown, "The server is shutting down. Ask again later.")
                {
                    RetryAfter = Shutdown.RetryAfter,
                };
            case OperationCanceledException when http.Features.Get<ClientPresence>() is { IsCutShort: true }:
                return new HttpFault(400, HttpFaultKind.Malformed, "The request's body ended too early.");
            case OperationCanceledException when options.Deadline is { } deadline:
                return new HttpFault(
                    504,
                    HttpFaultKind.Deadline,
                    $"The answer took longer than the {deadline.TotalSeconds:0.###} s that a request may take here.");
            default:
                Log.Failed(log, http.TraceIdentifier, fault);
                return new HttpFault(
                    500,
                    HttpFaultKind.Internal,
                    $"The server failed to answer. Its log says more about request {http.TraceIdentifier}.");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Request {RequestId} failed.")]
        public static partial void Failed(ILogger logger, string requestId, Exception fault);
    }
}
