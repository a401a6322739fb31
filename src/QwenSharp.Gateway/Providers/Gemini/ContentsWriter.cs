using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Gemini;

/// <summary>
/// Writes a conversation as contents. What is protected of a thought is a signature that stands on the part behind it; where nothing is
/// behind it, on an empty text.
/// </summary>
internal sealed partial class ContentsWriter(string origin, GeminiModel model, Losses losses)
{
    // What Google documents for calls that another model made.
    private const string NoSignature = "skip_thought_signature_validator";

    private readonly Dictionary<string, string> _names = [];
    private readonly List<(string Role, JsonArray Parts)> _turns = [];

    public JsonArray System { get; } = [];

    public JsonArray Contents => WireNodes.Array(_turns.Where(turn => turn.Parts.Count > 0).Select(turn => new JsonObject
    {
        ["role"] = turn.Role,
        ["parts"] = turn.Parts.DeepClone(),
    }));

    public void Write(IReadOnlyList<ChatMessage> messages)
    {
        // Calls of the turn that is under way need signatures.
        int asked = messages.ToList().FindLastIndex(message => message.Role == ChatRole.User
            && message.Contents.Any(content => content is not FunctionResultContent));
        for (int i = 0; i < messages.Count; i++)
            Write(messages[i], $"messages[{i}]", model.IsThird && i > asked);
    }

    private void Write(ChatMessage message, string path, bool needsSignature)
    {
        losses.AddIf(message.AuthorName is not null, $"{path}.name");
        foreach (AIContent content in message.Contents)
        {
            losses.AddIf(content.CacheLifetime is not null, $"{path}.cache_control");
            losses.AddIf(content.Annotations is { Count: > 0 }, $"{path}.citations");
        }

        if (message.IsInstruction)
        {
            losses.AddIf(_turns.Count > 0, $"{path}.place");
            foreach (AIContent content in message.Contents)
                Add(System, Part(content, path));
        }
        else if (message.Role == ChatRole.Assistant)
        {
            Answer(Turn("model"), message, path, needsSignature);
        }
        else
        {
            JsonArray turn = Turn("user");
            foreach (AIContent content in message.Contents.OrderBy(content => content is not FunctionResultContent))
                Add(turn, content is FunctionResultContent result ? Result(result, path) : Part(content, path));
        }
    }

    private JsonArray Turn(string role)
    {
        if (_turns.Count == 0 || _turns[^1].Role != role)
            _turns.Add((role, []));

        return _turns[^1].Parts;
    }

    private void Answer(JsonArray turn, ChatMessage message, string path, bool needsSignature)
    {
        string? signature = null;
        bool hasCall = false;
        foreach (AIContent content in message.Contents)
        {
            if (content is TextReasoningContent thought)
            {
                bool isOwn = thought.IsOf(origin);
                losses.AddIf(thought.ProtectedData is not null && !isOwn, $"{path}.thinking.signature");
                losses.AddIf(thought.Text.Length > 0 && !IsOwn(thought), $"{path}.thinking");
                if (thought.Text.Length > 0 && IsOwn(thought))
                    Add(turn, new JsonObject { ["text"] = thought.Text, ["thought"] = true });

                signature = isOwn ? thought.ProtectedData : signature;
                continue;
            }

            JsonObject? part = content is FunctionCallContent call ? Call(call) : content is UsageContent ? null : Part(content, path);
            if (part is null)
                continue;

            if (content is FunctionCallContent && !hasCall && needsSignature)
                signature ??= NoSignature;

            hasCall |= content is FunctionCallContent;
            if (signature is not null)
                part["thoughtSignature"] = signature;

            signature = null;
            Add(turn, part);
        }

        if (signature is not null)
            Add(turn, new JsonObject { ["text"] = "", ["thoughtSignature"] = signature });
    }

    private bool IsOwn(TextReasoningContent thought) => thought.Property(ContentKeys.Origin) == origin;

    private JsonObject Call(FunctionCallContent call)
    {
        _names[call.CallId] = call.Name;
        JsonObject written = new() { ["name"] = call.Name };
        if (!Invented().IsMatch(call.CallId))
            written.Insert(0, "id", call.CallId);

        written["args"] = call.Property(ContentKeys.RawArguments) is { } raw
            ? new JsonObject { ["input"] = raw }
            : JsonNode.Parse(call.ArgumentsText, documentOptions: new JsonDocumentOptions { MaxDepth = 128 });
        return new JsonObject { ["functionCall"] = written };
    }

    private JsonObject Result(FunctionResultContent content, string path)
    {
        ToolResult result = ToolResult.Of(content);
        JsonObject written = new() { ["name"] = _names.GetValueOrDefault(result.CallId) ?? result.CallId };
        if (!Invented().IsMatch(result.CallId))
            written.Insert(0, "id", result.CallId);

        written["response"] = new JsonObject { [result.HasFailed ? "error" : "output"] = Value(result) };
        JsonArray media = WireNodes.Array(
            result.Parts.Where(part => part is not TextContent).Select(part => Part(part, path)).OfType<JsonObject>());
        if (media.Count > 0)
            written["parts"] = media;

        return new JsonObject { ["functionResponse"] = written };
    }

    // A result must be an object's member; one that is JSON stays what it is.
    private static JsonNode? Value(ToolResult result)
    {
        string text = result.Text;
        if (result.HasFailed || text.TrimStart() is not [('{' or '['), ..])
            return text;

        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text;
        }
    }

    private JsonObject? Part(AIContent content, string path)
    {
        if (content is TextContent text)
            return text.Text.Length > 0 ? new JsonObject { ["text"] = text.Text } : null;

        if (content is HostedFileContent file)
            return FileData(file.MediaType ?? "application/octet-stream", file.FileId);

        if (Media.Of(content) is not { } media)
        {
            losses.Add($"{path}.{content.GetType().Name}");
            return null;
        }

        losses.AddIf(content.Property(ContentKeys.Detail) is not null, $"{path}.image.detail");
        foreach (string key in (string[])[ContentKeys.Title, ContentKeys.Context])
            losses.AddIf(content.Property(key) is not null, $"{path}.document.{key}");

        losses.AddIf(content.Has(ContentKeys.Citations), $"{path}.document.citations");
        return media.Data is null
            ? FileData(media.MediaType, media.Url)
            : new JsonObject { ["inlineData"] = new JsonObject { ["mimeType"] = media.MediaType, ["data"] = media.Base64 } };
    }

    private static JsonObject FileData(string mediaType, string address) => new()
    {
        ["fileData"] = new JsonObject { ["mimeType"] = mediaType, ["fileUri"] = address },
    };

    private static void Add(JsonArray parts, JsonObject? part)
    {
        if (part is not null)
            parts.Add((JsonNode)part);
    }

    // Ids that were given to calls which came without: they are nothing to Gemini.
    [GeneratedRegex("^call_[0-9a-f]{24}$")]
    private static partial Regex Invented();
}
