using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace QwenSharp.Gateway.Providers;

/// <summary>A model of a provider's as a chat client.</summary>
/// <param name="provider">Who answers.</param>
/// <param name="model">The model's name there; <see cref="ChatOptions.ModelId"/> wins over it.</param>
public sealed class ProviderChatClient(Provider provider, string model) : IChatClient
{
    /// <inheritdoc/>
    /// <exception cref="ProviderException">The provider did not answer, or not to the end.</exception>
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        provider.CompleteAsync(Call(messages, options) with { Stream = false }, cancellationToken)
            .ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="ProviderException">The provider did not answer, or not to the end.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (ChatResponseUpdate update in provider.CompleteAsync(Call(messages, options), cancellationToken)
            .ConfigureAwait(false))
        {
            yield return update;
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;

        if (serviceType == typeof(ChatClientMetadata))
            return new ChatClientMetadata(ProviderKinds.Word(provider.Settings.Kind), provider.Settings.BaseUrl, model);

        return serviceType.IsInstanceOfType(this) ? this : serviceType.IsInstanceOfType(provider) ? provider : null;
    }

    /// <summary>Does nothing: the provider has other users.</summary>
    public void Dispose()
    {
    }

    private ProviderCall Call(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return new ProviderCall(options?.ModelId ?? model, [.. messages], options ?? new ChatOptions());
    }
}
