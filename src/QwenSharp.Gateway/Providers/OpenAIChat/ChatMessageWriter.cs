using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat;

/// <summary>Writes a conversation as the messages of a chat completion.</summary>
internal sealed class ChatMessageWriter(ChatHabits habits, ChatMarks marks, Losses losses)
{
    private readonly Dictionary<string, string> _names = [];

    public JsonArray Write(IReadOnlyList<ChatMessage> messages)
    {
        JsonArray written = [];
        for (int i = 0; i < messages.Count; i++)
        {
            foreach (JsonObject message in Message(messages[i], $"messages[{i}]"))
                written.Add((JsonNode)message);
        }

        return written;
    }

    private IEnumerable<JsonObject> Message(ChatMessage message, string path)
    {
        // A result is a message of its own here, and stands right behind the call.
        foreach (FunctionResultContent result in message.Contents.OfType<FunctionResultContent>())
            yield return Result(ToolResult.Of(result), result, path);

        List<AIContent> contents = [.. message.Contents.Where(content => content is not FunctionResultContent)];
        if (contents.Count == 0 && message.Contents.Count > 0)
            yield break;

        yield return message.Role == ChatRole.Assistant ? Assistant(contents, path) : Said(message, contents, path);
    }

    private JsonObject Said(ChatMessage message, List<AIContent> contents, string path)
    {
        string role = !message.IsInstruction ? "user"
            : message.Role.Value == "developer" && habits.Takes.Contains("developer") ? "developer" : "system";
        JsonObject written = new() { ["role"] = role };
        if (message.AuthorName is { } name)
        {
            if (habits.Takes.Contains("name"))
                written["name"] = name;
            else
                losses.Add($"{path}.name");
        }

        written["content"] = Content(contents, path) ?? "";
        return written;
    }

    private JsonObject Assistant(List<AIContent> contents, string path)
    {
        JsonObject written = new() { ["role"] = "assistant" };
        string refusal = string.Concat(contents.OfType<TextContent>().Where(IsRefusal).Select(text => text.Text));
        List<AIContent> said = [.. contents.Where(content => content is TextContent text ? !IsRefusal(text) : IsMedium(content))];
        List<TextReasoningContent> thoughts = [.. contents.OfType<TextReasoningContent>()];
        List<FunctionCallContent> calls = [.. contents.OfType<FunctionCallContent>()];
        JsonNode? content = Content(said, path);
        written["content"] = content ?? (calls.Count > 0 || refusal.Length > 0 ? habits.NoContent : "");
        if (refusal.Length > 0)
            written["refusal"] = refusal;

        Thoughts(thoughts, written, path);
        if (calls.Count > 0)
            written["tool_calls"] = WireNodes.Array(calls.Select(Call));

        if (habits.NeedsThought(written) && habits.Thoughts is { } field && !written.ContainsKey(field))
            written[field] = "";

        LoseRest(contents, path);
        return written;
    }

    // What others have protected stays with them; a text without it may go where no one asks for it.
    private void Thoughts(List<TextReasoningContent> thoughts, JsonObject message, string path)
    {
        if (thoughts.Count == 0)
            return;

        List<TextReasoningContent> own = [.. thoughts.Where(thought => thought.IsOf(habits.Origin))];
        bool replayed = own.Count > 0 && habits.Replay(thoughts, message);
        losses.AddIf(
            thoughts.Exists(thought => thought.ProtectedData is not null && !(replayed && thought.IsOf(habits.Origin))),
            $"{path}.thinking.signature");
        string text = string.Concat(thoughts.Select(thought => thought.Text));
        if (text.Length == 0 || replayed)
            return;

        if (habits.Thoughts is { } field)
            message[field] = text;
        else
            losses.Add($"{path}.thinking");
    }

    private JsonNode Call(FunctionCallContent call)
    {
        _names[call.CallId] = call.Name;
        return new JsonObject
        {
            ["id"] = habits.CallId(call.CallId),
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.ArgumentsText },
        };
    }

    private JsonObject Result(ToolResult result, FunctionResultContent content, string path)
    {
        losses.AddIf(result.HasFailed, $"{path}.is_error");
        foreach (AIContent part in result.Parts)
            losses.AddIf(part is not TextContent, $"{path}.{Media.Of(part)?.Kind ?? part.GetType().Name}");

        JsonObject written = new() { ["role"] = "tool", ["tool_call_id"] = habits.CallId(result.CallId) };
        if (habits.Takes.Contains("tool_name") && _names.TryGetValue(result.CallId, out string? name))
            written["name"] = name;

        List<AIContent> texts = [.. result.Parts.OfType<TextContent>()];
        bool inParts = texts.Count > 1 && !result.HasFailed || content.CacheLifetime is not null;
        written["content"] = inParts ? Parts(texts, path) : result.MarkedText;
        if (written["content"] is JsonArray { Count: > 0 } parts)
            marks.Write((JsonObject)parts[^1]!, content.CacheLifetime, path);

        return written;
    }

    // A text alone is a string: that every server takes.
    private JsonNode? Content(List<AIContent> contents, string path) => contents switch
    {
        [] => null,
        [TextContent { CacheLifetime: null } only] => only.Text,
        _ when contents.TrueForAll(content => content is TextContent { CacheLifetime: null }) && !habits.Takes.Contains("text_parts") =>
            string.Concat(contents.Cast<TextContent>().Select(text => text.Text)),
        _ => Parts(contents, path),
    };

    private JsonArray Parts(List<AIContent> contents, string path)
    {
        JsonArray parts = [];
        foreach (AIContent content in contents)
        {
            JsonObject? part = content is TextContent text
                ? new JsonObject { ["type"] = "text", ["text"] = text.Text }
                : Medium(content, path);
            if (part is null)
                continue;

            marks.Write(part, content.CacheLifetime, path);
            parts.Add((JsonNode)part);
        }

        return parts;
    }

    private JsonObject? Medium(AIContent content, string path)
    {
        if (content is HostedFileContent file && habits.Takes.Contains("file"))
            return new JsonObject { ["type"] = "file", ["file"] = new JsonObject { ["file_id"] = file.FileId } };

        Media? media = Media.Of(content);
        JsonObject? part = media is null ? null : habits.Part(media, content.Property(ContentKeys.Detail));
        if (part is null)
        {
            losses.Add($"{path}.{media?.Kind ?? content.GetType().Name}");
            return null;
        }

        losses.AddIf(media!.Kind == "image" && content.Property(ContentKeys.Detail) is not null && !habits.Takes.Contains("detail"),
            $"{path}.image.detail");
        foreach (string key in (string[])[ContentKeys.Title, ContentKeys.Context])
            losses.AddIf(content.Property(key) is not null, $"{path}.document.{key}");

        losses.AddIf(content.Has(ContentKeys.Citations), $"{path}.document.{ContentKeys.Citations}");
        return part;
    }

    private void LoseRest(List<AIContent> contents, string path)
    {
        foreach (AIContent content in contents)
        {
            losses.AddIf(
                content is not (TextContent or TextReasoningContent or FunctionCallContent or UsageContent) && !IsMedium(content),
                $"{path}.{content.GetType().Name}");
            losses.AddIf(content is TextContent && content.Annotations is { Count: > 0 }, $"{path}.citations");
        }
    }

    private static bool IsRefusal(TextContent text) => text.Has(ContentKeys.Refusal);

    private static bool IsMedium(AIContent content) => content is DataContent or UriContent or HostedFileContent;
}
