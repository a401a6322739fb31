using Microsoft.Extensions.AI;

namespace QwenSharp;

/// <summary>
/// Judges prompts and answers with Qwen3Guard in this process: the model's own template asks for a verdict, and the model's greedy answer
/// is read as one.
/// </summary>
/// <param name="model">The model; it stays the caller's to dispose.</param>
public sealed class SafetyGuard(QwenModel model)
{
    // "Safety", "Categories" and "Refusal" take a few dozen tokens.
    private const int MaxTokens = 128;

    private readonly QwenChatClient _client = new(model);

    /// <summary>Judges the last message of a conversation: a user's prompt, or an assistant's answer.</summary>
    /// <param name="conversation">The conversation up to that message.</param>
    /// <param name="cancellationToken">Ends the work within one step of the engine.</param>
    /// <exception cref="ArgumentException">The conversation is longer than the context.</exception>
    /// <exception cref="FormatException">The model's answer is no verdict.</exception>
    public async Task<SafetyVerdict> JudgeAsync(IEnumerable<ChatMessage> conversation, CancellationToken cancellationToken = default)
    {
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = MaxTokens };
        ChatResponse answer = await _client.GetResponseAsync(conversation, options, cancellationToken).ConfigureAwait(false);
        return SafetyVerdict.Parse(answer.Text);
    }
}
