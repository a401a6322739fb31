using System.Text.Json;
using QwenSharp.Chat;

namespace QwenSharp.Training;

/// <summary>
/// Turns a conversation into examples with the model's own template. What is learnt of a turn is what the template shows of it after the
/// prompt
/// that the model will get for it: content, reasoning, tool calls and the mark that ends the turn; never the header, nor what anybody else
/// says.
/// </summary>
/// <remarks>
/// A turn is rendered twice: as the prompt it answers, and shown as the last of the conversation, as the model will have said it. Turns
/// share an
/// example as long as the later one shows the earlier exactly as it was said. Templates rewrite earlier turns (Qwen3's drops their
/// reasoning);
/// such a turn gets an example of its own that ends with it. The template's arguments are those of the last request; an earlier turn that
/// they cannot have
/// prompted (one with reasoning, where thinking is off by now) is taken as one without arguments.
/// </remarks>
internal sealed class ConversationRenderer(ChatTemplate template)
{
    private readonly ReasoningTags _tags = template.Format.Reasoning;

    /// <exception cref="JsonException">The template's prompt for an answer is not how the template shows the answer.</exception>
    /// <exception cref="TemplateException">The template refuses the conversation.</exception>
    public IEnumerable<ExampleText> Render(Conversation conversation)
    {
        List<ExampleText> examples = [];
        RenderedTurn? last = null;
        List<(Range Part, bool IsLearnt)> answers = [];
        foreach (Conversation.Turn said in conversation.Turns.Reverse())
        {
            RenderedTurn turn = RenderTurn(conversation, said);
            RequireShown(conversation, said, turn);
            if (last is null || !last.Text.StartsWith(turn.Text, StringComparison.Ordinal))
            {
                Finish();
                last = turn;
            }

            answers.Insert(0, (turn.PromptLength..turn.Text.Length, said.IsLearnt));
        }

        Finish();
        return examples;

        void Finish()
        {
            if (answers.Exists(answer => answer.IsLearnt))
                examples.Insert(0, new ExampleText(last!.Text, last.Trusted, answers, ExampleKind.Conversation));

            answers = [];
        }
    }

    /// <summary>
    /// Refuses what a template leaves out: it would be learnt that nothing is said where something was, or called what nobody offered.
    /// </summary>
    private static void RequireShown(Conversation conversation, Conversation.Turn said, RenderedTurn turn)
    {
        string answer = turn.Text[turn.PromptLength..];
        if (said.IsLearnt && !answer.Contains(said.Reasoning.Trim(), StringComparison.Ordinal))
        {
            throw new JsonException(
                $"messages[{said.Message}]: the model's template does not show the reasoning of an answer; leave \"reasoning_content\" "
                    + "out, or put it into \"content\"."
            );
        }

        if (said.IsLearnt && said.Calls.FirstOrDefault(name => !answer.Contains(name, StringComparison.Ordinal)) is { } call)
        {
            throw new JsonException(
                $"messages[{said.Message}]: the model's template does not show the call of \"{call}\"; such a model cannot "
                    + "learn to call tools."
            );
        }

        if (
            conversation.ToolNames.FirstOrDefault(name =>
                !turn.Text.AsSpan(0, turn.PromptLength).Contains(name, StringComparison.Ordinal)
            ) is
            { } tool)
        {
            throw new JsonException(
                $"messages[{said.Message}]: the model's template does not show the tool \"{tool}\" that is offered; such a model cannot "
                    + "learn to call tools."
            );
        }
    }

    private RenderedTurn RenderTurn(Conversation conversation, Conversation.Turn said)
    {
        bool isLast = said.Message == conversation.Turns[^1].Message;
        return RenderTurn(conversation, said, conversation.Arguments)
            ?? (isLast ? null : RenderTurn(conversation, said, new Dictionary<string, JsonElement>()))
            ?? throw new JsonException(
                $"messages[{said.Message}]: the template shows this answer in another way than its prompt for it begins; an answer with "
                    + "reasoning where thinking is off would be so."
            );
    }

    private RenderedTurn? RenderTurn(Conversation conversation, Conversation.Turn said, IReadOnlyDictionary<string, JsonElement> arguments)
    {
        ChatTemplateConversation before = new()
        {
            Messages = conversation.Messages(said.Message),
            Tools = conversation.Tools,
            Arguments = arguments,
            AddGenerationPrompt = true,
        };
        RenderedPrompt prompt = template.Render(before);
        RenderedPrompt shown = template.Render(
            before with
            {
                Messages = conversation.Messages(said.Message + 1),
                AddGenerationPrompt = false,
            });

        // What stands after the mark that ends the turn is the template's, before the next turn.
        int end = shown.Text.AsSpan().TrimEnd().Length;
        if (end > prompt.Text.Length && shown.Text.StartsWith(prompt.Text, StringComparison.Ordinal))
            return new RenderedTurn(shown.Text[..end], shown.TrustedRanges, prompt.Text.Length);

        return Inside(prompt, said.Reasoning, shown, end);
    }

    /// <summary>
    /// The turn where the prompt ends with a think block, open or empty, that the template leaves out where it shows a turn, as QwQ's does:
    /// the answer goes on inside the open one, with its reasoning, or after the empty one. Null where that is not so.
    /// </summary>
    private RenderedTurn? Inside(RenderedPrompt prompt, string reasoning, RenderedPrompt shown, int end)
    {
        int header = prompt.Text.LastIndexOf(_tags.Open, StringComparison.Ordinal);
        if (
            header < 0
            || header >= end
            || !shown.Text.AsSpan().StartsWith(prompt.Text.AsSpan(0, header))
            || shown.Text.AsSpan(header).StartsWith(_tags.Open))
        {
            return null;
        }

        if (!prompt.OpensReasoning && (reasoning.Length > 0 || !prompt.Text.AsSpan(header).TrimEnd().EndsWith(_tags.Close)))
            return null;

        string thought = prompt.OpensReasoning ? $"{reasoning.Trim('\n')}\n{_tags.Close}\n\n" : "";
        int shift = prompt.Text.Length + thought.Length - header;
        IEnumerable<Range> rest = shown.TrustedRanges
            .Where(range => range.End.Value > header)
            .Select(range => (Math.Max(range.Start.Value, header) + shift)..(range.End.Value + shift));
        return new RenderedTurn(prompt.Text + thought + shown.Text[header..end], [.. prompt.TrustedRanges, .. rest], prompt.Text.Length);
    }

    /// <summary>A conversation up to the end of a turn, and the length of the prompt for the turn.</summary>
    private sealed record RenderedTurn(string Text, IReadOnlyList<Range> Trusted, int PromptLength);
}
