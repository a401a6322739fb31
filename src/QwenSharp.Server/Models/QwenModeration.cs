using Microsoft.Extensions.AI;

namespace QwenSharp.Server.Models;

/// <summary>Verdicts of a Qwen3Guard of this process.</summary>
internal sealed class QwenModeration(QwenModel model) : IModeration
{
    private readonly SafetyGuard _guard = new(model);

    /// <inheritdoc/>
    public Task<SafetyVerdict> JudgeAsync(IReadOnlyList<ChatMessage> conversation, CancellationToken cancellationToken) =>
        _guard.JudgeAsync(conversation, cancellationToken);
}
