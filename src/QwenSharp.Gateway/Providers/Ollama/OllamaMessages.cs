using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Ollama;

/// <summary>Writes a conversation in Ollama's form: text is one string, pictures stand apart, arguments are objects.</summary>
internal sealed class OllamaMessages(Losses losses)
{
    private readonly Dictionary<string, string> _names = [];

    public JsonArray Write(IReadOnlyList<ChatMessage> messages) =>
        WireNodes.Array(messages.SelectMany((message, place) => Message(message, $"messages[{place}]")));

    private IEnumerable<JsonObject> Message(ChatMessage message, string path)
    {
        losses.AddIf(message.AuthorName is not null, $"{path}.name");
        foreach (FunctionResultContent result in message.Contents.OfType<FunctionResultContent>())
            yield return Result(result, path);

        List<AIContent> contents = [.. message.Contents.Where(content => content is not FunctionResultContent)];
        if (contents.Count == 0 && message.Contents.Count > 0)
            yield break;

        string role = message.IsInstruction ? "system" : message.Role == ChatRole.Assistant ? "assistant" : "user";
        JsonObject written = new() { ["role"] = role, ["content"] = Text(contents) };
        Thoughts(contents, written, path);
        Images(contents, written, path);
        JsonObject[] calls = [.. contents.OfType<FunctionCallContent>().Select(Call)];
        if (calls.Length > 0)
            written["tool_calls"] = WireNodes.Array(calls);

        foreach (AIContent content in contents)
        {
            losses.AddIf(content.CacheLifetime is not null, $"{path}.cache_control");
            losses.AddIf(content.Annotations is { Count: > 0 }, $"{path}.citations");
        }

        yield return written;
    }

    // Texts of one message are paragraphs of their own where nothing else keeps them apart.
    private static string Text(IEnumerable<AIContent> contents) =>
        string.Join('\n', contents.OfType<TextContent>().Where(text => text.Text.Length > 0).Select(text => text.Text.TrimEnd('\n')));

    private void Thoughts(List<AIContent> contents, JsonObject message, string path)
    {
        TextReasoningContent[] thoughts = [.. contents.OfType<TextReasoningContent>()];
        string text = string.Concat(thoughts.Select(thought => thought.Text));
        if (text.Length > 0)
            message["thinking"] = text;

        losses.AddIf(Array.Exists(thoughts, thought => thought.ProtectedData is not null), $"{path}.thinking.signature");
    }

    private void Images(List<AIContent> contents, JsonObject message, string path)
    {
        JsonArray images = [];
        bool isBeforeText = false;
        foreach (AIContent content in contents)
        {
            if (content is TextContent)
            {
                // A picture before its text, as most send it, comes to the same; one behind it does not.
                isBeforeText = true;
                continue;
            }

            if (content is TextReasoningContent or FunctionCallContent or UsageContent)
                continue;

            Media? media = Media.Of(content);
            if (media is { Kind: "image", Data: not null })
                images.Add((JsonNode)media.Base64);
            else
                losses.Add($"{path}.{media?.Kind ?? content.GetType().Name}");

            losses.AddIf(isBeforeText && media is { Kind: "image", Data: not null }, $"{path}.image.place");
            losses.AddIf(content.Property(ContentKeys.Detail) is not null, $"{path}.image.detail");
        }

        if (images.Count > 0)
            message["images"] = images;
    }

    private JsonObject Call(FunctionCallContent call, int place)
    {
        _names[call.CallId] = call.Name;
        return new JsonObject
        {
            ["id"] = call.CallId,
            ["function"] = new JsonObject
            {
                ["index"] = place,
                ["name"] = call.Name,
                ["arguments"] = call.Property(ContentKeys.RawArguments) is { } raw
                    ? new JsonObject { ["input"] = raw }
                    : JsonNode.Parse(call.ArgumentsText, documentOptions: new JsonDocumentOptions { MaxDepth = 128 }),
            },
        };
    }

    private JsonObject Result(FunctionResultContent content, string path)
    {
        ToolResult result = ToolResult.Of(content);
        losses.AddIf(result.HasFailed, $"{path}.is_error");
        losses.AddIf(content.CacheLifetime is not null, $"{path}.cache_control");
        foreach (AIContent part in result.Parts)
            losses.AddIf(part is not TextContent, $"{path}.{Media.Of(part)?.Kind ?? part.GetType().Name}");

        JsonObject written = new() { ["role"] = "tool" };
        if (_names.TryGetValue(result.CallId, out string? name))
            written["tool_name"] = name;

        written["tool_call_id"] = result.CallId;
        written["content"] = result.MarkedText;
        return written;
    }
}
