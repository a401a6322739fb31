using Microsoft.Extensions.AI;
using QwenSharp.Faults;

namespace QwenSharp.Chat.Conversations;

/// <summary>
/// A prompt that ends inside the assistant's last message, so that the model goes on with it. The template writes the message as a whole,
/// with a mark behind its text; the prompt is what stands before the mark. A message that has only thought goes on thinking.
/// </summary>
internal static class FinalMessage
{
    // A character that Unicode leaves to programs and no text may have. The last one is ours, whatever a conversation holds.
    private const string Mark = "\uFDD0end";

    /// <exception cref="OptionException">The last message is not the assistant's.</exception>
    /// <exception cref="OptionNotSupportedException">It calls tools, or the template does not show what it says.</exception>
    public static RenderedPrompt GoOn(ChatTemplate template, List<ChatMessage> turns, PromptOptions options)
    {
        if (turns is not [.. var before, { Role: var role } last] || role != ChatRole.Assistant)
        {
            throw new OptionException(new OptionFault(
                FaultKind.Conflict,
                ChatOptionKeys.ContinueFinalMessage,
                $"{new OptionName(ChatOptionKeys.ContinueFinalMessage)} needs the last of {Messages} to be the assistant's."));
        }

        if (last.Contents.Any(content => content is FunctionCallContent))
            throw Unsupported($"The last of {Messages} calls tools, and so has ended; it cannot be gone on with.");

        bool isThought = string.IsNullOrWhiteSpace(last.Text);
        if (isThought && !last.Contents.Any(content => content is TextReasoningContent { Text.Length: > 0 }))
            return template.Render(ChatTemplateConversation.Of(before, options));

        ChatMessage marked = new(role, [.. last.Contents, isThought ? new TextReasoningContent(Mark) : new TextContent(Mark)]);
        ChatTemplateConversation conversation = ChatTemplateConversation.Of([.. before, marked], options);
        RenderedPrompt whole = template.Render(conversation with { AddGenerationPrompt = false });
        return whole.Before(Mark, isThought)
            ?? throw Unsupported($"The model's chat template does not show what the last of {Messages} says; it cannot be gone on with.");
    }

    private static OptionName Messages => new(nameof(ChatTemplateConversation.Messages));

    private static OptionNotSupportedException Unsupported(FaultSentence sentence) =>
        new(new OptionFault(FaultKind.NotSupported, nameof(ChatTemplateConversation.Messages), sentence));
}
