using Microsoft.Extensions.AI;
using QwenSharp.Faults;

namespace QwenSharp.Server.Models;

/// <summary>Verdicts of a Qwen3Guard of this process.</summary>
internal sealed class QwenModeration(QwenModel model) : IModeration
{
    private readonly SafetyGuard _guard = new(model);

    /// <inheritdoc/>
    public async Task<SafetyVerdict> JudgeAsync(IReadOnlyList<ChatMessage> conversation, CancellationToken cancellationToken)
    {
        try
        {
            return await _guard.JudgeAsync(conversation, cancellationToken).ConfigureAwait(false);
        }
        catch (OptionException fault)
        {
            // To who has texts judged there are no messages.
            throw new OptionException(fault.Fault.Renamed(name => name == "Messages" ? "values" : null), fault);
        }
    }
}
