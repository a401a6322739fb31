using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Routing;

/// <summary>An answer in neutral types, or several.</summary>
public sealed class NeutralReply : RouteReply
{
    private readonly IReadOnlyList<OpenedAnswer> _choices;
    private readonly CancellationTokenSource _left;

    private NeutralReply(IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> answers, CancellationToken cancellationToken)
    {
        _left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _choices = [.. answers.Select(answer => new OpenedAnswer(answer, _left.Token))];
    }

    /// <summary>A stream an answer; each may be read once. Who leaves one leaves all.</summary>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Choices => [.. _choices.Select(choice => ReadAsync(choice))];

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
        NeutralReply reply = new(answers, cancellationToken)
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

        _left.Dispose();
    }

    private async IAsyncEnumerable<ChatResponseUpdate> ReadAsync(
        OpenedAnswer answer, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using CancellationTokenRegistration leaving = cancellationToken.UnsafeRegister(
            static left => ((CancellationTokenSource)left!).Cancel(), _left);
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
