using System.Text.RegularExpressions;

namespace QwenSharp.Gateway.Providers.Errors;

/// <summary>
/// The class of a refusal. Statuses mean too many things: words of the body come first, in an order in which the more special one wins, and
/// the status decides the rest.
/// </summary>
internal static partial class ErrorClasses
{
    /// <summary>The class.</summary>
    public static ProviderErrorKind Of(ErrorBody body) =>
        Money(body) ?? Size(body) ?? Content(body) ?? Key(body) ?? Place(body) ?? Load(body) ?? Option(body) ?? Rest(body);

    private static ProviderErrorKind? Money(ErrorBody body) =>
        body.Status == 402
        || body.Is(
            "insufficient_quota", "billing_error", "billing_hard_limit_reached", "billing_not_active", "payment_required", "arrearage",
            "allocationquota.freetieronly", "enforced_spend_limit_reached", "insufficient_credits")
        || body.Says(
            "credit balance", "insufficient balance", "insufficient credits", "account is in good standing", "spend limit",
            "specified api usage limits")
            ? ProviderErrorKind.Billing
            : null;

    private static ProviderErrorKind? Size(ErrorBody body)
    {
        if (body.Is("context_length_exceeded", "exceed_context_size_error", "model_context_window_exceeded")
            || body.Status is null or 400 or 413 or 422 or 500 && body.Says(
                "maximum context length", "context length", "context window", "context limit", "context size", "prompt is too long",
                "input is too long", "input token count", "range of input length", "longer than the model's context"))
        {
            return ProviderErrorKind.ContextTooLong;
        }

        // OpenAI throttles what no waiting lets through with the words of a throttle.
        return body.Status == 413 || body.Is("request_too_large") || body.Says("request too large")
            ? ProviderErrorKind.TooLarge
            : null;
    }

    private static ProviderErrorKind? Content(ErrorBody body) =>
        body.Is(
            "content_filter", "content_policy_violation", "responsibleaipolicyviolation", "datainspectionfailed",
            "data_inspection_failed", "invalid_prompt", "moderation", "moderation_error")
        || body.Says("content management policy", "content exists risk", "inappropriate content", "usage policy")
            ? ProviderErrorKind.ContentFilter
            : null;

    private static ProviderErrorKind? Key(ErrorBody body)
    {
        bool isKey = body.Status is 401
            || body.Is(
                "authentication_error", "invalid_api_key", "invalidapikey", "api_key_invalid", "unauthenticated",
                "unrecognizedclientexception", "invalidsignatureexception", "incompletesignatureexception", "expiredtokenexception",
                "missingauthenticationtokenexception", "missingauthenticationtoken", "incorrect_hostname")
            || body.Says("unregistered callers", "api key not valid", "security token included in the request");
        if (!isKey)
            return null;

        if (body.Is("incorrect_hostname"))
            return ProviderErrorKind.AuthRegion;

        if (body.Is("credentials_missing", "missingauthenticationtokenexception", "missingauthenticationtoken")
            || Missing().IsMatch(body.Message))
        {
            return ProviderErrorKind.AuthMissing;
        }

        return body.Is("access_token_expired", "expiredtokenexception") || body.Says("expired")
            ? ProviderErrorKind.AuthExpired
            : ProviderErrorKind.AuthInvalid;
    }

    private static ProviderErrorKind? Place(ErrorBody body)
    {
        if (body.Status == 403
            || body.Is(
                "permission_error", "permission_denied", "accessdeniedexception", "access_denied", "model.accessdenied", "accessdenied",
                "unsupported_country_region_territory")
            || body.Says("location is not supported"))
        {
            return ProviderErrorKind.Permission;
        }

        return body.Status == 404
            || body.Is(
                "model_not_found", "modelnotfound", "invalid_model", "not_found_error", "not_found", "deploymentnotfound",
                "resourcenotfoundexception")
            || body.Says(
                "model not exist", "model identifier is invalid", "on-demand throughput", "not a valid model id", "invalid model:",
                "no such model")
            || Nowhere().IsMatch(body.Message)
                ? ProviderErrorKind.NotFound
                : null;
    }

    private static ProviderErrorKind? Load(ErrorBody body)
    {
        if (body.Status is 503 or 529
            || body.Is(
                "overloaded_error", "overloaded", "service_tier_capacity_exceeded", "3505", "serviceunavailableexception",
                "modelnotreadyexception", "engine_overloaded", "unavailable"))
        {
            return ProviderErrorKind.Overloaded;
        }

        if (body.Status == 429
            || body.Is(
                "rate_limit_exceeded", "rate_limit_error", "throttlingexception", "resource_exhausted", "rate_limited",
                "too_many_requests", "servicequotaexceededexception"))
        {
            return LongTime().IsMatch(body.Message) || body.Codes.Any(LongTime().IsMatch)
                ? ProviderErrorKind.Quota
                : ProviderErrorKind.Throttled;
        }

        if (body.Status is 408 or 504 || body.Is("timeout_error", "deadline_exceeded", "modeltimeoutexception", "timeout"))
            return ProviderErrorKind.Timeout;

        return body.Status is >= 500 or 424
            || body.Is(
                "server_error", "api_error", "internal_error", "internalerror", "internal", "internalserverexception",
                "internalservererror", "modelerrorexception", "modelstreamerrorexception")
            ? ProviderErrorKind.Server
            : null;
    }

    private static ProviderErrorKind? Option(ErrorBody body) =>
        body.Is("unsupported_parameter", "unsupported_value", "extra_forbidden", "unknown_parameter", "not_supported_error")
        || body.Says(
            "not supported with this model", "not supported for this model", "not supported by this model", "does not support thinking",
            "does not support tools", "extra inputs are not permitted", "unknown parameter", "unrecognized request argument",
            "tool choice requires", "maximum allowed number of output tokens", "deprecated for this model")
            ? ProviderErrorKind.UnsupportedParameter
            : null;

    private static ProviderErrorKind Rest(ErrorBody body) =>
        body.Status is >= 400 and < 500 || body.Is("invalid_request_error", "validationexception", "invalid_argument")
            ? ProviderErrorKind.BadRequest
            : ProviderErrorKind.Server;

    [GeneratedRegex(
        @"(didn.t (send|provide)|no|must provide) (an )?(auth|api.?key|cookie auth)|api.?key (header )?is required|"
            + @"missing (required )?auth|missing required|unregistered callers|token is missing|header is required|no auth header",
        RegexOptions.IgnoreCase)]
    private static partial Regex Missing();

    [GeneratedRegex(@"\bmodels?\b.*\b(does not exist|not found|can ?not be found)", RegexOptions.IgnoreCase)]
    private static partial Regex Nowhere();

    [GeneratedRegex(@"per.?day|daily|hourly|weekly|monthly|per.?month|per.?week|\bRPD\b|\bTPD\b", RegexOptions.IgnoreCase)]
    private static partial Regex LongTime();
}
