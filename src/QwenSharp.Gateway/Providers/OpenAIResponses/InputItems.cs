using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIResponses;

/// <summary>Writes a conversation as the items of a response's input, in their order.</summary>
internal sealed class InputItems(string origin, bool takesMarks, Losses losses)
{
    private const int MaxMarks = 4;

    private readonly JsonArray _items = [];
    private int _marks;

    public JsonArray Write(IReadOnlyList<ChatMessage> messages)
    {
        for (int i = 0; i < messages.Count; i++)
            Write(messages[i], $"messages[{i}]");

        return _items;
    }

    private void Write(ChatMessage message, string path)
    {
        losses.AddIf(message.AuthorName is not null, $"{path}.name");
        string role = message.IsInstruction ? message.Role.Value : message.Role == ChatRole.Assistant ? "assistant" : "user";
        JsonArray parts = [];
        string? phase = null;
        foreach (AIContent content in message.Contents)
        {
            JsonObject? item = content switch
            {
                TextReasoningContent thought => Thought(thought, path),
                FunctionCallContent call => Call(call),
                FunctionResultContent result => Result(result, path),
                _ => null,
            };
            if (content is TextReasoningContent or FunctionCallContent or FunctionResultContent)
            {
                Flush(role, parts, phase);
                if (item is not null)
                    _items.Add((JsonNode)item);
            }
            else if (Part(content, role == "assistant", path) is { } part)
            {
                phase = content.Property(ContentKeys.Phase) ?? phase;
                parts.Add((JsonNode)part);
            }
        }

        if (message.Contents.Count == 0)
            parts.Add((JsonNode)new JsonObject { ["type"] = role == "assistant" ? "output_text" : "input_text", ["text"] = "" });

        Flush(role, parts, phase);
    }

    private void Flush(string role, JsonArray parts, string? phase)
    {
        if (parts.Count == 0)
            return;

        JsonObject item = new() { ["type"] = "message", ["role"] = role, ["content"] = parts.DeepClone() };
        if (role == "assistant")
            item["status"] = "completed";

        if (phase is not null)
            item["phase"] = phase;

        _items.Add((JsonNode)item);
        parts.Clear();
    }

    // The item as it came: an edited one is refused.
    private JsonObject? Thought(TextReasoningContent thought, string path)
    {
        if (thought.IsOf(origin))
            return JsonNode.Parse(thought.ProtectedData!)!.AsObject();

        losses.AddIf(thought.ProtectedData is not null, $"{path}.thinking.signature");
        losses.AddIf(thought.Text.Length > 0, $"{path}.thinking");
        return null;
    }

    private static JsonObject Call(FunctionCallContent call) => new()
    {
        ["type"] = "function_call",
        ["call_id"] = call.CallId,
        ["name"] = call.Name,
        ["arguments"] = call.ArgumentsText,
    };

    private JsonObject Result(FunctionResultContent content, string path)
    {
        ToolResult result = ToolResult.Of(content);
        losses.AddIf(result.HasFailed, $"{path}.is_error");
        losses.AddIf(content.CacheLifetime is not null, $"{path}.cache_control");
        bool inParts = !result.HasFailed && (result.Parts.Count > 1 || result.Parts is [not TextContent]);
        return new JsonObject
        {
            ["type"] = "function_call_output",
            ["call_id"] = result.CallId,
            ["output"] = inParts
                ? WireNodes.Array(result.Parts.Select(part => Part(part, isOutput: false, path)).OfType<JsonObject>())
                : result.MarkedText,
        };
    }

    private JsonObject? Part(AIContent content, bool isOutput, string path)
    {
        losses.AddIf(isOutput && content.Annotations is { Count: > 0 }, $"{path}.citations");
        JsonObject? part = content switch
        {
            TextContent text when text.Has(ContentKeys.Refusal) => new JsonObject { ["type"] = "refusal", ["refusal"] = text.Text },
            TextContent { Text.Length: 0 } or UsageContent => null,
            TextContent text => new JsonObject { ["type"] = isOutput ? "output_text" : "input_text", ["text"] = text.Text },
            HostedFileContent file => File(file),
            _ => Medium(content, path),
        };
        if (part is not null && content.CacheLifetime is { } lifetime)
            Mark(part, lifetime, path);

        return part;
    }

    private JsonObject? Medium(AIContent content, string path)
    {
        Media? media = Media.Of(content);
        JsonObject? part = media switch
        {
            { Kind: "image" } => new JsonObject { ["type"] = "input_image", ["image_url"] = media.Url },
            { Kind: "document", Data: null } => new JsonObject { ["type"] = "input_file", ["file_url"] = media.Url },
            { Kind: "document" } => new JsonObject
            {
                ["type"] = "input_file",
                ["filename"] = media.Name ?? $"document.{media.Subtype}",
                ["file_data"] = media.Url,
            },
            _ => null,
        };
        if (part is null)
        {
            losses.Add($"{path}.{media?.Kind ?? content.GetType().Name}");
            return null;
        }

        if (media!.Kind == "image" && content.Property(ContentKeys.Detail) is { } detail)
            part["detail"] = detail;

        foreach (string key in (string[])[ContentKeys.Title, ContentKeys.Context])
            losses.AddIf(content.Property(key) is not null, $"{path}.document.{key}");

        losses.AddIf(content.Has(ContentKeys.Citations), $"{path}.document.citations");
        return part;
    }

    private static JsonObject File(HostedFileContent file)
    {
        bool isImage = file.MediaType?.StartsWith("image/", StringComparison.Ordinal) is true;
        JsonObject part = new() { ["type"] = isImage ? "input_image" : "input_file", ["file_id"] = file.FileId };
        if (isImage && file.Property(ContentKeys.Detail) is { } detail)
            part["detail"] = detail;

        return part;
    }

    private void Mark(JsonObject part, string lifetime, string path)
    {
        if (!takesMarks || _marks == MaxMarks)
        {
            losses.Add($"{path}.cache_control");
            return;
        }

        losses.AddIf(lifetime is not ("" or "30m"), $"{path}.cache_control.ttl");
        part["prompt_cache_breakpoint"] = new JsonObject { ["mode"] = "explicit" };
        _marks++;
    }
}
