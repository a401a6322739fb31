using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.DashScope;

/// <summary>Writes a conversation in Model Studio's own form, whose parts have no type but one member of its name.</summary>
internal sealed class GenerationMessages(bool isMultimodal, Losses losses)
{
    public JsonArray Write(IReadOnlyList<ChatMessage> messages, bool continues)
    {
        JsonArray written = WireNodes.Array(messages.SelectMany((message, place) => Message(message, $"messages[{place}]")));
        if (continues && written is [.., JsonObject last])
            last["partial"] = true;

        return written;
    }

    private IEnumerable<JsonObject> Message(ChatMessage message, string path)
    {
        losses.AddIf(message.AuthorName is not null, $"{path}.name");
        foreach (FunctionResultContent result in message.Contents.OfType<FunctionResultContent>())
            yield return Result(result, path);

        List<AIContent> contents = [.. message.Contents.Where(content => content is not FunctionResultContent)];
        if (contents.Count == 0 && message.Contents.Count > 0)
            yield break;

        string role = message.IsInstruction ? "system" : message.Role == ChatRole.Assistant ? "assistant" : "user";
        JsonObject written = new() { ["role"] = role, ["content"] = Content(contents, path) };
        TextReasoningContent[] thoughts = [.. contents.OfType<TextReasoningContent>()];
        losses.AddIf(Array.Exists(thoughts, thought => thought.ProtectedData is not null), $"{path}.thinking.signature");
        string thought = string.Concat(thoughts.Select(content => content.Text));
        if (thought.Length > 0)
            written["reasoning_content"] = thought;

        JsonObject[] calls = [.. contents.OfType<FunctionCallContent>().Select(Call)];
        if (calls.Length > 0)
            written["tool_calls"] = WireNodes.Array(calls);

        foreach (AIContent content in contents)
            losses.AddIf(content.Annotations is { Count: > 0 }, $"{path}.citations");

        yield return written;
    }

    private static JsonObject Call(FunctionCallContent call, int place) => new()
    {
        ["id"] = call.CallId,
        ["type"] = "function",
        ["index"] = place,
        ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.ArgumentsText },
    };

    private JsonObject Result(FunctionResultContent content, string path)
    {
        ToolResult result = ToolResult.Of(content);
        losses.AddIf(result.HasFailed, $"{path}.is_error");
        losses.AddIf(content.CacheLifetime is not null, $"{path}.cache_control");
        foreach (AIContent part in result.Parts)
            losses.AddIf(part is not TextContent, $"{path}.{Media.Of(part)?.Kind ?? part.GetType().Name}");

        return new JsonObject { ["role"] = "tool", ["tool_call_id"] = result.CallId, ["content"] = result.MarkedText };
    }

    private JsonNode Content(List<AIContent> contents, string path)
    {
        List<AIContent> said = [.. contents.Where(
            content => content is not (TextReasoningContent or FunctionCallContent or UsageContent))];
        bool inParts = isMultimodal || said.Exists(content => content.CacheLifetime is not null);
        if (!inParts && said.TrueForAll(content => content is TextContent))
            return string.Concat(said.Cast<TextContent>().Select(text => text.Text));

        return WireNodes.Array(said.Select(content => Part(content, path)).OfType<JsonObject>());
    }

    private JsonObject? Part(AIContent content, string path)
    {
        Media? media = Media.Of(content);
        JsonObject? part = content is TextContent text ? new JsonObject { ["text"] = text.Text }
            : media?.Kind is "image" or "audio" or "video" ? new JsonObject { [media.Kind] = media.Url }
            : null;
        if (part is null)
        {
            losses.Add($"{path}.{media?.Kind ?? content.GetType().Name}");
            return null;
        }

        losses.AddIf(content.Property(ContentKeys.Detail) is not null, $"{path}.image.detail");
        if (content.CacheLifetime is { } lifetime)
        {
            part["cache_control"] = new JsonObject { ["type"] = "ephemeral" };
            losses.AddIf(lifetime is not ("" or "5m"), $"{path}.cache_control.ttl");
        }

        return part;
    }
}
