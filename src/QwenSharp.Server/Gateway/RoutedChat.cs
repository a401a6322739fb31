using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Gateway.Routing;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Gateway;

/// <summary>Conversations with whoever of a route answers.</summary>
/// <param name="name">The route's name, or a provider's model.</param>
/// <param name="router">Finds who answers.</param>
/// <param name="opened">An answer that has begun, to be given once; null to ask for one when it is read.</param>
internal sealed class RoutedChat(string name, Router router, NeutralReply? opened) : IChatCompletion
{
    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, int choices, CancellationToken cancellationToken)
    {
        if (opened is not null)
            return opened.Choices;

        RouteCall call = new(messages, options);
        return
        [
            .. Enumerable.Range(0, choices)
                .Select(choice => AskAsync(call with { Options = call.OptionsOf(choice) }, cancellationToken)),
        ];
    }

    /// <inheritdoc/>
    public int CountPromptTokens(IReadOnlyList<ChatMessage> messages, ChatOptions options) => throw new OptionNotSupportedException(
        nameof(ChatOptions.ModelId), $"is '{name}', whose tokens are counted elsewhere, where its answers are made.");

    private async IAsyncEnumerable<ChatResponseUpdate> AskAsync(
        RouteCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        RouteRequest request = new(() => Task.FromResult(call));
        (RouteReply reply, _) = await router.OpenAsync(name, request, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable disposal = reply.ConfigureAwait(false);
        await foreach (ChatResponseUpdate update in ((NeutralReply)reply).Choices[0].ConfigureAwait(false))
            yield return update;
    }
}
