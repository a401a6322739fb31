using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Gateway.Providers;
using QwenSharp.Gateway.Routing;

namespace QwenSharp.Gateway.Tests.Routing;

/// <summary>One who answers as a test has written: a failure for each of the first attempts, then an answer.</summary>
internal sealed class FakeDestination(string name, params ProviderError[] failures) : IDestination
{
    private int _asked;

    /// <summary>How often it was asked.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>The classes of data that it may be sent; null for all.</summary>
    public IReadOnlyList<string>? Classes { get; init; }

    /// <summary>Whether it fails for ever, as it did last.</summary>
    public bool NeverAnswers { get; init; }

    /// <summary>How long its answer takes to begin.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>What comes after the first piece of its answer; null for its end.</summary>
    public Exception? Breaks { get; init; }

    public string Name => $"local/{name}";

    public bool Admits(string dataClass) => Classes?.Contains(dataClass) ?? true;

    public async Task<RouteReply> OpenAsync(RouteRequest request, LossPolicy losses, CancellationToken cancellationToken)
    {
        int attempt = Interlocked.Increment(ref _asked) - 1;
        await request.ReadAsync();
        ProviderError? failure = attempt < failures.Length ? failures[attempt] : NeverAnswers ? failures[^1] : null;
        return failure is not null
            ? throw new ProviderException(failure)
            : await NeutralReply.OpenAsync([SayAsync(cancellationToken)], [], cancellationToken);
    }

    public static ProviderError Failure(ProviderErrorKind kind, bool retryable = false, double? retryAfter = null) => new(
        kind, retryable, retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null, null, $"It is {kind}.", AfterFirstToken: false);

    private async IAsyncEnumerable<ChatResponseUpdate> SayAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Pause > TimeSpan.Zero)
            await Task.Delay(Pause, cancellationToken);

        yield return new ChatResponseUpdate(ChatRole.Assistant, name);
        if (Breaks is not null)
            throw Breaks;

        yield return new ChatResponseUpdate { FinishReason = ChatFinishReason.Stop };
    }
}
