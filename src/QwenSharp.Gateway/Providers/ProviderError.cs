using Microsoft.Extensions.AI;

namespace QwenSharp.Gateway.Providers;

/// <summary>Why a provider did not answer, or not to the end.</summary>
/// <param name="Kind">Which class of reason.</param>
/// <param name="Retryable">Whether the same may go well later, with the same provider and key.</param>
/// <param name="RetryAfter">How long it asks to be left alone; null where it does not say.</param>
/// <param name="Status">The HTTP status, also one that a stream names; null where there is none.</param>
/// <param name="Message">What it says, and what to do where that is known.</param>
/// <param name="AfterFirstToken">Whether a part of the answer had come.</param>
public sealed record ProviderError(
    ProviderErrorKind Kind, bool Retryable, TimeSpan? RetryAfter, int? Status, string Message, bool AfterFirstToken)
{
    /// <summary>The field or option that is at fault; null where it is not one, or not said.</summary>
    public string? Parameter { get; init; }

    /// <summary>What the answer had taken, as far as that was said; null for not at all.</summary>
    public UsageDetails? Usage { get; init; }
}
