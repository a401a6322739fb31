using Microsoft.Extensions.AI;
using QwenSharp.Faults;

namespace QwenSharp.Server.Models;

/// <summary>Judges how safe a conversation is.</summary>
internal interface IModeration
{
    /// <summary>Judges the last message of a conversation.</summary>
    /// <exception cref="OptionException">The conversation does not fit the context (<c>values</c>).</exception>
    /// <exception cref="OptionNotSupportedException">The model is none that judges (<c>ModelId</c>).</exception>
    Task<SafetyVerdict> JudgeAsync(IReadOnlyList<ChatMessage> conversation, CancellationToken cancellationToken);
}
