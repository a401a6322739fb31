using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Routing;

/// <summary>How often a destination is asked again, and when it is left alone for a while.</summary>
internal static class Resilience
{
    /// <summary>How long a retry may wait; shorter where somebody else could be asked meanwhile.</summary>
    public static readonly ResiliencePropertyKey<TimeSpan> Patience = new("patience");

    // Of at least so many attempts within the time, so many failed.
    private const int LeastAttempts = 4;
    private const double FailedShare = 0.5;
    private static readonly TimeSpan Sampling = TimeSpan.FromSeconds(30), Break = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

    /// <summary>Leaves a destination alone that fails again and again: what goes to it shares one of these.</summary>
    public static ResiliencePipeline<RouteReply> Breaker(TimeProvider time) => new ResiliencePipelineBuilder<RouteReply>
    {
        TimeProvider = time,
    }
    .AddCircuitBreaker(new CircuitBreakerStrategyOptions<RouteReply>
    {
        FailureRatio = FailedShare,
        MinimumThroughput = LeastAttempts,
        SamplingDuration = Sampling,
        BreakDuration = Break,
        ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is ProviderException { Error: var error }
            && IsTrouble(error.Kind)),
    })
    .Build();

    /// <summary>Asks again, after a pause that grows and varies, or the one that was asked for, whoever may answer later.</summary>
    public static ResiliencePipeline<RouteReply> Retrying(ResiliencePipeline<RouteReply> breaker, int retries, TimeProvider time) =>
        retries == 0 ? breaker : new ResiliencePipelineBuilder<RouteReply>
        {
            TimeProvider = time,
        }
        .AddRetry(new RetryStrategyOptions<RouteReply>
        {
            MaxRetryAttempts = retries,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = FirstPause,
            ShouldHandle = arguments => ValueTask.FromResult(
                arguments.Outcome.Exception is ProviderException { Error: { Retryable: true } error }
                    && arguments.Context.Properties.TryGetValue(Patience, out TimeSpan patience)
                    && (error.RetryAfter ?? FirstPause) <= patience),
            DelayGenerator = arguments => ValueTask.FromResult((arguments.Outcome.Exception as ProviderException)?.Error.RetryAfter),
        })
        .AddPipeline(breaker)
        .Build();

    // What another request would meet as well. Who is asked too much in a moment says so at once, and may answer the next.
    private static bool IsTrouble(ProviderErrorKind kind) => kind is not (
        ProviderErrorKind.Throttled or ProviderErrorKind.BadRequest or ProviderErrorKind.UnsupportedParameter
        or ProviderErrorKind.ContextTooLong or ProviderErrorKind.TooLarge or ProviderErrorKind.ContentFilter
        or ProviderErrorKind.NotFound);
}
