using QwenSharp.Protocols.Anthropic;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.Anthropic;

/// <summary>Faults as Anthropic's error object: the class of error, a message and the request's name.</summary>
internal static class AnthropicErrors
{
    private const string Endpoints = " See POST /v1/messages, POST /v1/messages/count_tokens, POST /v1/messages/batches, GET /v1/models.";

    public static ErrorReply Word(HttpFault fault) => new(
        fault.Option is { } option
            ? AnthropicFaults.Word(option)
            : new ErrorDetail(Type(fault), Excerpt.Of(Message(fault), AnthropicFaults.MaxMessage)),
        fault.RequestId);

    // Clients know by these words that a conversation has to be made shorter.
    private static string Message(HttpFault fault) => fault.Kind switch
    {
        HttpFaultKind.UnknownPath => fault.Message + Endpoints,
        HttpFaultKind.TooLong => $"prompt is too long: {fault.Message}",
        _ => fault.Message,
    };

    private static string Type(HttpFault fault) => fault switch
    {
        { Kind: HttpFaultKind.Key } => "authentication_error",
        { Kind: HttpFaultKind.Host or HttpFaultKind.Scope } => "permission_error",
        { Kind: HttpFaultKind.UnknownModel or HttpFaultKind.UnknownPath or HttpFaultKind.UnknownItem or HttpFaultKind.Missing } =>
            "not_found_error",
        { Kind: HttpFaultKind.Billing } => "billing_error",
        { Kind: HttpFaultKind.TooLarge } => "request_too_large",
        { Kind: HttpFaultKind.Busy or HttpFaultKind.ShuttingDown } => "overloaded_error",
        { Status: StatusCodes.Status429TooManyRequests } => "rate_limit_error",
        { Status: StatusCodes.Status504GatewayTimeout } => "timeout_error",
        { Status: >= StatusCodes.Status500InternalServerError } => "api_error",
        _ => AnthropicFaults.InvalidRequest,
    };
}
