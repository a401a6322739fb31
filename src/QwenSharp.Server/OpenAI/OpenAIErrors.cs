using QwenSharp.Protocols.OpenAI;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.OpenAI;

/// <summary>Faults as OpenAI's error object: a message, the class of error, the field and a word for programs.</summary>
internal static class OpenAIErrors
{
    private const string Endpoints =
        " See GET /v1/models, POST /v1/chat/completions, POST /v1/responses, POST /v1/completions, POST /v1/embeddings, POST "
            + "/v1/moderations, POST /v1/files, POST /v1/batches.";

    public static OpenAIError Word(HttpFault fault) => fault.Option is { } option ? OpenAIFaults.Word(option) : new OpenAIError(
        Excerpt.Of(fault.Kind == HttpFaultKind.UnknownPath ? fault.Message + Endpoints : fault.Message, OpenAIFaults.MaxMessage),
        fault.Limit is { } limit ? limit == "tokens" ? "tokens" : "requests"
            : fault.Kind == HttpFaultKind.Billing ? "insufficient_quota"
            : fault.Kind == HttpFaultKind.RateLimit ? "requests"
            : fault.Status < StatusCodes.Status500InternalServerError ? OpenAIFaults.InvalidRequest
            : "server_error",
        fault.Kind == HttpFaultKind.UnknownModel ? "model" : null,
        Code(fault.Kind));

    private static string? Code(HttpFaultKind kind) => kind switch
    {
        HttpFaultKind.NotJson => "invalid_json",
        HttpFaultKind.ContentType => "unsupported_media_type",
        HttpFaultKind.TooLarge => "request_too_large",
        HttpFaultKind.Key => "invalid_api_key",
        HttpFaultKind.Scope => "insufficient_permissions",
        HttpFaultKind.RateLimit => "rate_limit_exceeded",
        HttpFaultKind.UnknownItem => "not_found",
        HttpFaultKind.Ended => "batch_ended",
        HttpFaultKind.Stateless => "not_supported",
        HttpFaultKind.Host => "host_not_allowed",
        HttpFaultKind.UnknownModel => "model_not_found",
        HttpFaultKind.UnknownPath => "unknown_url",
        HttpFaultKind.Missing => "not_found",
        HttpFaultKind.Method => "method_not_allowed",
        HttpFaultKind.TooMany => "too_many_choices",
        HttpFaultKind.Busy => "server_busy",
        HttpFaultKind.Deadline => "deadline_exceeded",
        HttpFaultKind.LoadFailed => "model_load_failed",
        HttpFaultKind.NoRoom => "no_room_for_model",
        HttpFaultKind.Forbidden => "forbidden",
        HttpFaultKind.ShuttingDown => "server_shutting_down",
        HttpFaultKind.TooLong => "context_length_exceeded",
        HttpFaultKind.ContentFilter => "content_filter",
        HttpFaultKind.Billing => "insufficient_quota",
        HttpFaultKind.Upstream => "upstream_error",
        HttpFaultKind.Internal => "internal_error",
        _ => null,
    };
}
