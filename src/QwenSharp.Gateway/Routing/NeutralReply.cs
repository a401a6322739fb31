using Microsoft.Extensions.AI;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Routing;

/// <summary>An answer in neutral types, or several.</summary>
public sealed class NeutralReply : RouteReply
{
    private readonly IReadOnlyList<OpenedAnswer> _choices;

    private NeutralReply(IReadOnlyList<OpenedAnswer> choices) => _choices = choices;

    /// <summary>A stream an answer; each may be read once.</summary>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Choices => [.. _choices.Select(ReadAsync)];

    /// <summary>Begins all answers of a call.</summary>
    /// <param name="answers">The answers, none asked for yet.</param>
    /// <param name="dropped">What of the call was not carried.</param>
    /// <param name="cancellationToken">Ends all of them.</param>
    /// <param name="held">What is let go of with them, or where they do not begin.</param>
    public static async Task<NeutralReply> OpenAsync(
        IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> answers,
        IReadOnlyList<string> dropped,
        CancellationToken cancellationToken,
        IDisposable? held = null)
    {
        NeutralReply reply = new([.. answers.Select(answer => new OpenedAnswer(answer, cancellationToken))])
        {
            Dropped = dropped,
            Held = held,
        };
        Task[] beginning = [.. reply._choices.Select(answer => answer.BeginAsync())];
        try
        {
            await Task.WhenAll(beginning).ConfigureAwait(false);
            return reply;
        }
        catch
        {
            await reply.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    protected override async ValueTask HangUpAsync()
    {
        foreach (OpenedAnswer choice in _choices)
            await choice.DisposeAsync().ConfigureAwait(false);
    }

    private async IAsyncEnumerable<ChatResponseUpdate> ReadAsync(OpenedAnswer answer)
    {
        while (await NextAsync(answer).ConfigureAwait(false) is { } update)
            yield return update;
    }

    private async ValueTask<ChatResponseUpdate?> NextAsync(OpenedAnswer answer)
    {
        try
        {
            return await answer.NextAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (Deadline is { IsOver: true } deadline)
        {
            throw new ProviderException(deadline.Error with { AfterFirstToken = true }, late);
        }
    }
}
