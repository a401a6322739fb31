using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Bedrock;

/// <summary>Writes a conversation in Bedrock's own form: blocks without a type, each a member of its name.</summary>
internal sealed partial class ConverseWriter(string origin, Losses losses)
{
    private readonly List<(string Role, JsonArray Blocks)> _turns = [];
    private int _documents;

    public JsonArray System { get; } = [];

    public JsonArray Messages => WireNodes.Array(_turns.Where(turn => turn.Blocks.Count > 0).Select(turn => new JsonObject
    {
        ["role"] = turn.Role,
        ["content"] = turn.Blocks.DeepClone(),
    }));

    /// <summary>A block behind what is to be kept for later prompts.</summary>
    public static JsonObject CachePoint(string lifetime)
    {
        JsonObject point = new() { ["type"] = "default" };
        if (lifetime is "5m" or "1h")
            point["ttl"] = lifetime;

        return new JsonObject { ["cachePoint"] = point };
    }

    public void Write(IReadOnlyList<ChatMessage> messages)
    {
        for (int i = 0; i < messages.Count; i++)
            Write(messages[i], $"messages[{i}]");
    }

    private void Write(ChatMessage message, string path)
    {
        losses.AddIf(message.AuthorName is not null, $"{path}.name");
        if (message.IsInstruction)
        {
            losses.AddIf(_turns.Count > 0, $"{path}.place");
            Add(System, message.Contents, path);
            return;
        }

        JsonArray turn = Turn(message.Role == ChatRole.Assistant ? "assistant" : "user");
        foreach (FunctionResultContent result in message.Contents.OfType<FunctionResultContent>())
            turn.Add((JsonNode)Result(result, path));

        Add(turn, message.Contents.Where(content => content is not FunctionResultContent), path);
    }

    private JsonArray Turn(string role)
    {
        if (_turns.Count == 0 || _turns[^1].Role != role)
            _turns.Add((role, []));

        return _turns[^1].Blocks;
    }

    private void Add(JsonArray blocks, IEnumerable<AIContent> contents, string path)
    {
        foreach (AIContent content in contents)
        {
            JsonObject? block = content switch
            {
                TextContent { Text.Length: 0 } or UsageContent => null,
                TextContent text => new JsonObject { ["text"] = text.Text },
                TextReasoningContent thought => Thought(thought, path),
                FunctionCallContent call => Call(call),
                _ => Medium(content, path),
            };
            if (block is null)
                continue;

            blocks.Add((JsonNode)block);
            if (content.CacheLifetime is { } lifetime)
                blocks.Add((JsonNode)CachePoint(lifetime));
        }
    }

    private JsonObject? Thought(TextReasoningContent thought, string path)
    {
        if (!thought.IsOf(origin))
        {
            losses.AddIf(thought.ProtectedData is not null, $"{path}.thinking.signature");
            losses.AddIf(thought.Text.Length > 0, $"{path}.thinking");
            return null;
        }

        JsonObject inner = thought.Property(ContentKeys.ProtectedForm) == ConverseReplyReader.Redacted
            ? new JsonObject { [ConverseReplyReader.Redacted] = thought.ProtectedData }
            : new JsonObject
            {
                ["reasoningText"] = new JsonObject { ["text"] = thought.Text, ["signature"] = thought.ProtectedData },
            };
        return new JsonObject { ["reasoningContent"] = inner };
    }

    private static JsonObject Call(FunctionCallContent call) => new()
    {
        ["toolUse"] = new JsonObject
        {
            ["toolUseId"] = Id(call.CallId),
            ["name"] = call.Name,
            ["input"] = call.Property(ContentKeys.RawArguments) is { } raw
                ? new JsonObject { ["input"] = raw }
                : JsonNode.Parse(call.ArgumentsText, documentOptions: new JsonDocumentOptions { MaxDepth = 128 }),
        },
    };

    private JsonObject Result(FunctionResultContent content, string path)
    {
        ToolResult result = ToolResult.Of(content);
        JsonArray parts = [];
        Add(parts, result.Parts, path);
        JsonObject written = new()
        {
            ["toolUseId"] = Id(result.CallId),
            ["content"] = parts,
            ["status"] = result.HasFailed ? "error" : "success",
        };
        return new JsonObject { ["toolResult"] = written };
    }

    private JsonObject? Medium(AIContent content, string path)
    {
        Media? media = Media.Of(content);
        if (media?.Data is null || media.Kind == "audio")
        {
            losses.Add($"{path}.{media?.Kind ?? content.GetType().Name}");
            return null;
        }

        JsonObject medium = new()
        {
            ["format"] = media.MediaType switch { "text/plain" => "txt", "text/markdown" => "md", _ => media.Subtype },
            ["source"] = new JsonObject { ["bytes"] = media.Base64 },
        };
        if (media.Kind == "document")
        {
            string name = Letters().Replace(content.Property(ContentKeys.Title) ?? Path.GetFileNameWithoutExtension(media.Name) ?? "", " ");
            medium["name"] = name.Trim().Length > 0 ? name.Trim() : $"document {++_documents}";
            losses.AddIf(content.Has(ContentKeys.Citations), $"{path}.document.citations");
            losses.AddIf(content.Property(ContentKeys.Context) is not null, $"{path}.document.context");
        }

        return new JsonObject { [media.Kind] = medium };
    }

    private static string Id(string id)
    {
        string written = Other().Replace(id, "_");
        return written.Length <= 64 ? written : written[^64..];
    }

    [GeneratedRegex("[^a-zA-Z0-9_-]")]
    private static partial Regex Other();

    [GeneratedRegex(@"[^a-zA-Z0-9 ()\[\]-]+")]
    private static partial Regex Letters();
}
