using Microsoft.Extensions.AI;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers;

/// <summary>Somebody who continues conversations, spoken to in its own wire form and heard in neutral chat types.</summary>
public abstract class Provider
{
    private protected Provider(ProviderSettings settings) => Settings = settings;

    /// <summary>Where it is and how it is spoken to.</summary>
    public ProviderSettings Settings { get; }

    /// <summary>The provider of some settings.</summary>
    /// <param name="settings">Where it is.</param>
    /// <param name="http">Sends requests; may be shared, and is not disposed here.</param>
    /// <exception cref="ArgumentException">A setting that the kind needs is missing; the error names it.</exception>
    public static Provider Create(ProviderSettings settings, HttpMessageInvoker http)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(http);
        return new WireProvider(settings, Forms.Of(settings), http);
    }

    /// <summary>
    /// What of a call the provider cannot carry, such as <c>top_k</c> or <c>messages[2].image</c>; empty for nothing. Nothing is sent.
    /// </summary>
    public abstract IReadOnlyList<string> LossesOf(ProviderCall call);

    /// <summary>
    /// Sends a call and reads the answer, event by event. One that is not streamed gives the same updates. The updates end only where the
    /// provider's own end of the answer has come.
    /// </summary>
    /// <param name="call">What to continue.</param>
    /// <param name="cancellationToken">Ends it, and hangs up.</param>
    /// <returns>
    /// Text, reasoning, calls (in pieces as <see cref="QwenSharp.Chat.CallFragment"/>s, then whole) and last the finish reason with the
    /// usage.
    /// </returns>
    /// <exception cref="ProviderException">The provider did not answer, or not to the end, or the call loses what it may not.</exception>
    public abstract IAsyncEnumerable<ChatResponseUpdate> CompleteAsync(ProviderCall call, CancellationToken cancellationToken);
}
