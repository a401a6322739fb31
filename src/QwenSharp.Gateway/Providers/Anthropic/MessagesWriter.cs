using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Anthropic;

/// <summary>Writes a conversation as turns of blocks: instructions apart, results of tools first in the user's turn.</summary>
internal sealed class MessagesWriter(string origin, bool takesAddresses, CacheMarks marks, Losses losses)
{
    private readonly BlockWriter _blocks = new(takesAddresses, marks, losses);
    private readonly List<(string Role, List<JsonObject> Blocks)> _turns = [];
    private readonly List<JsonObject> _system = [];

    /// <summary>The instructions before the conversation; null for none.</summary>
    public JsonNode? System => Content(_system);

    public JsonArray Messages => WireNodes.Array(_turns.Select(turn => new JsonObject
    {
        ["role"] = turn.Role,
        ["content"] = Content(turn.Blocks),
    }));

    /// <param name="messages">The conversation.</param>
    /// <param name="continues">Whether the answer goes on with the last message, which then may not end with a space.</param>
    public void Write(IReadOnlyList<ChatMessage> messages, bool continues)
    {
        for (int i = 0; i < messages.Count; i++)
            Write(messages[i], $"messages[{i}]");

        if (continues && _turns is [.., ("assistant", [.., { } last])] && last["text"]?.GetValue<string>() is { } text)
            last["text"] = text.TrimEnd();
    }

    private void Write(ChatMessage message, string path)
    {
        losses.AddIf(message.AuthorName is not null, $"{path}.name");
        if (message.IsInstruction)
        {
            // Instructions in the middle of a conversation stay where they are, which models know since 2026.
            (_turns.Count == 0 ? _system : Turn("system")).AddRange(Said(message.Contents, path));
        }
        else if (message.Role == ChatRole.Assistant)
        {
            if (message.Contents.Count > 0)
                Turn("assistant").AddRange(message.Contents.SelectMany(content => Assistant(content, path)));
        }
        else
        {
            List<JsonObject> turn = Turn("user");
            int results = turn.TakeWhile(block => block["type"]!.GetValue<string>() == "tool_result").Count();
            turn.InsertRange(results, message.Contents.OfType<FunctionResultContent>().Select(result => _blocks.Result(result, path)));
            turn.AddRange(Said(message.Contents.Where(content => content is not FunctionResultContent), path));
        }

        _turns.RemoveAll(turn => turn.Blocks.Count == 0);
    }

    private List<JsonObject> Turn(string role)
    {
        if (_turns.Count == 0 || _turns[^1].Role != role)
            _turns.Add((role, []));

        return _turns[^1].Blocks;
    }

    private IEnumerable<JsonObject> Said(IEnumerable<AIContent> contents, string path) =>
        contents.Select(content => _blocks.Write(content, path)).OfType<JsonObject>();

    private IEnumerable<JsonObject> Assistant(AIContent content, string path)
    {
        JsonObject? block = content switch
        {
            TextReasoningContent thought => Thought(thought, path),
            FunctionCallContent call => _blocks.Call(call, path),
            UsageContent => null,
            _ => _blocks.Write(content, path),
        };
        return block is null ? [] : [block];
    }

    // As it came, in its place, an empty text too: the signature is of exactly this. Without one, or with another's, it is refused.
    private JsonObject? Thought(TextReasoningContent thought, string path)
    {
        if (!thought.IsOf(origin))
        {
            losses.AddIf(thought.ProtectedData is not null, $"{path}.thinking.signature");
            losses.AddIf(thought.Text.Length > 0, $"{path}.thinking");
            return null;
        }

        return thought.Property(ContentKeys.ProtectedForm) == MessageReplyReader.Redacted
            ? new JsonObject { ["type"] = MessageReplyReader.Redacted, ["data"] = thought.ProtectedData }
            : new JsonObject { ["type"] = "thinking", ["thinking"] = thought.Text, ["signature"] = thought.ProtectedData };
    }

    private static JsonNode? Content(List<JsonObject> blocks) => blocks switch
    {
        [] => null,
        [{ Count: 2 } only] when only["type"]!.GetValue<string>() == "text" => only["text"]!.GetValue<string>(),
        _ => WireNodes.Array(blocks.Select(block => block.DeepClone())),
    };
}
