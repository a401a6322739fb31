using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Corpus;

namespace QwenSharp.Cli.Eval;

/// <summary>An exercise as a request to a chat client.</summary>
internal static class ExerciseChat
{
    // The longest right answers are stories and sums that are thought through.
    private const int LongestAnswer = 400;

    /// <summary>The messages before the answer.</summary>
    public static List<ChatMessage> Messages(Exercise exercise)
    {
        List<ChatMessage> messages = [];
        Queue<string> open = [];
        foreach ((Message message, int place) in exercise.Prompt.Select((message, place) => (message, place)))
        {
            if (message.Role == "tool")
            {
                messages.Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(open.Dequeue(), message.Content)]));
                continue;
            }

            List<AIContent> contents = message.Reasoning.Length > 0 ? [new TextReasoningContent(message.Reasoning)] : [];
            if (message.Content.Length > 0)
                contents.Add(new TextContent(message.Content));

            foreach ((ToolCall call, int number) in message.Calls.Select((call, number) => (call, number)))
            {
                string id = $"call_{place}_{number}";
                open.Enqueue(id);
                contents.Add(
                    new FunctionCallContent(
                        id,
                        call.Name,
                        JsonElement
                            .Parse(call.Arguments)
                            .EnumerateObject()
                            .ToDictionary(argument => argument.Name, argument => (object?)argument.Value)));
            }

            messages.Add(new ChatMessage(new ChatRole(message.Role), contents));
        }

        return messages;
    }

    /// <summary>The exercise's temperature, tools and say on thinking.</summary>
    public static ChatOptions Options(Exercise exercise) =>
        new()
        {
            Temperature = exercise.Temperature,
            Seed = exercise.Seed,
            MaxOutputTokens = LongestAnswer,
            Tools =
                exercise.Conversation.Tools.Count == 0
                    ? null
                    :
                    [
                        .. exercise.Conversation.Tools.Select(tool =>
                            AIFunctionFactory.CreateDeclaration(tool.Name, tool.Description, JsonElement.Parse(tool.Schema()))),
                    ],
            AdditionalProperties = new() { [ChatOptionKeys.EnableThinking] = exercise.Conversation.Thinking },
        };
}
