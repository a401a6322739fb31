using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Gateway.Routing;

/// <summary>A stream of updates whose first piece is there before anybody reads it.</summary>
/// <param name="updates">The stream.</param>
/// <param name="cancellationToken">Ends it.</param>
internal sealed class OpenedAnswer(IAsyncEnumerable<ChatResponseUpdate> updates, CancellationToken cancellationToken) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<ChatResponseUpdate> _updates = updates.GetAsyncEnumerator(cancellationToken);
    private readonly Queue<ChatResponseUpdate> _begun = [];

    /// <summary>Waits for the first piece of the answer, or for its end where there is none.</summary>
    public async Task BeginAsync()
    {
        bool begins = false;
        while (!begins && await _updates.MoveNextAsync().ConfigureAwait(false))
        {
            _begun.Enqueue(_updates.Current);
            begins = Begins(_updates.Current);
        }
    }

    /// <summary>The next update, from the first on; null at the end.</summary>
    public async ValueTask<ChatResponseUpdate?> NextAsync()
    {
        if (_begun.TryDequeue(out ChatResponseUpdate? update))
            return update;

        return await _updates.MoveNextAsync().ConfigureAwait(false) ? _updates.Current : null;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _updates.DisposeAsync();

    private static bool Begins(ChatResponseUpdate update) => update.FinishReason is not null
        || CallFragment.Of(update) is not null
        || update.Contents.Any(content => content is not (UsageContent or TextContent { Text: "" }));
}
