using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Server.Models;

/// <summary>A model's chat client whose refusals and log-probabilities are those of the protocol.</summary>
internal sealed class WireChatClient(IChatClient model) : DelegatingChatClient(model)
{
    /// <inheritdoc/>
    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) =>
        Translate(
            RequestFaults.Translate("messages", () => base.GetStreamingResponseAsync(messages, options, cancellationToken)),
            cancellationToken);

    private static async IAsyncEnumerable<ChatResponseUpdate> Translate(
        IAsyncEnumerable<ChatResponseUpdate> updates, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (ChatResponseUpdate update in updates.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (update.AdditionalProperties?.TryGetValue(QwenChatOptionNames.Logprobs, out object? tokens) == true)
                update.AdditionalProperties[OptionKeys.Logprobs] = WireLogprobs.Of((IReadOnlyList<TextToken>)tokens!);

            yield return update;
        }
    }
}
