using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Errors;

/// <summary>What a refusal means.</summary>
internal static class ErrorReader
{
    /// <summary>The error that a refusal is.</summary>
    public static ProviderError Read(ProviderSettings settings, WireForm form, ErrorBody body)
    {
        ProviderErrorKind kind = form.Classify(body) ?? ErrorClasses.Of(body);
        bool hasKey = settings.ApiKey is not null || settings.Aws is not null;
        if (kind == ProviderErrorKind.AuthInvalid && !hasKey)
            kind = ProviderErrorKind.AuthMissing;

        bool retryable = ShouldRetry(body) ?? IsPassing(kind);
        string parameter = kind == ProviderErrorKind.UnsupportedParameter ? ErrorParameter.Of(body) : body.Parameter ?? "";
        string advice = ErrorAdvice.Of(settings, kind);
        return new ProviderError(
            kind,
            retryable,
            retryable ? RetryAfter.Of(body) : null,
            body.Status,
            $"{settings.Name}: {Said(body)}{(advice.Length > 0 ? " " + advice : "")}",
            AfterFirstToken: false)
        {
            Parameter = parameter.Length > 0 ? parameter : null,
        };
    }

    private static string Said(ErrorBody body) =>
        body.Message.Length > 0 ? body.Message : $"it answers with the status {body.Status} and says nothing.";

    private static bool IsPassing(ProviderErrorKind kind) => kind
        is ProviderErrorKind.Throttled or ProviderErrorKind.Quota or ProviderErrorKind.Overloaded or ProviderErrorKind.Timeout
        or ProviderErrorKind.Server or ProviderErrorKind.Cut or ProviderErrorKind.Connection;

    // Who says so itself is believed.
    private static bool? ShouldRetry(ErrorBody body) =>
        body.Headers is not null && body.Headers.TryGetValues("x-should-retry", out IEnumerable<string>? said)
        && bool.TryParse(said.First(), out bool should)
            ? should
            : null;
}
