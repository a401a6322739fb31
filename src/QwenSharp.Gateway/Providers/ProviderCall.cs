using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Gateway.Providers;

/// <summary>A conversation that a provider is to continue.</summary>
/// <param name="Model">The model's name there.</param>
/// <param name="Messages">The conversation. Keys of its properties are <see cref="ContentKeys"/>.</param>
/// <param name="Options">
/// What is asked. Keys of its properties are <see cref="ChatOptionKeys"/> and <see cref="RemoteOptionKeys"/>; its
/// <see cref="ChatOptions.ModelId"/> is not read. Its instructions stand before the conversation, and count in places of messages.
/// </param>
public sealed record ProviderCall(string Model, IReadOnlyList<ChatMessage> Messages, ChatOptions Options)
{
    /// <summary>Whether the answer is to come while it is made.</summary>
    public bool Stream { get; init; } = true;

    /// <summary>What becomes of a call that the provider cannot carry all of.</summary>
    public LossPolicy Losses { get; init; }
}
