using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Corpus;
using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Cli.Eval;

/// <summary>What a chat client said, as an answer to judge, and as JSON.</summary>
internal static class ChatAnswer
{
    public static Answer Read(ChatResponse response)
    {
        AIContent[] contents = [.. response.Messages.SelectMany(message => message.Contents)];
        return new Answer(
            response.Text,
            string.Concat(contents.OfType<TextReasoningContent>().Select(thought => thought.Text)),
            [.. contents.OfType<FunctionCallContent>().Select(call => new ToolCall(call.Name, Arguments(call)))]);
    }

    public static JsonObject Describe(Answer answer) =>
        new()
        {
            ["content"] = answer.Text,
            ["reasoning_content"] = answer.Reasoning,
            ["tool_calls"] = new JsonArray([
                .. answer.Calls.Select(call => (JsonNode)new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments }),
            ]),
        };

    private static string Arguments(FunctionCallContent call) =>
        JsonSerializer.Serialize(
            call.Arguments ?? new Dictionary<string, object?>(),
            AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>)));
}
