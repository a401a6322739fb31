using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;

namespace QwenSharp.Chat;

/// <summary>Neutral chat types in OpenAI's JSON form.</summary>
internal static class NeutralJson
{
    public static JsonTypeInfo<T> Type<T>() => (JsonTypeInfo<T>)AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(T));

    public static JsonElement Element(object? value) =>
        value is JsonElement json ? json : JsonSerializer.SerializeToElement(value, Type<object?>());

    public static JsonElement Messages(IEnumerable<ChatMessage> messages, string? instructions)
    {
        JsonArray array = [];
        foreach (ChatMessage message in messages)
        {
            foreach (JsonObject item in Message(message))
                array.Add((JsonNode)item);
        }

        if (!string.IsNullOrEmpty(instructions))
        {
            // Templates know one system message, the first.
            if (array.Count > 0 && array[0]!["role"]!.GetValue<string>() == ChatRole.System.Value && array[0]!["content"] is JsonValue text)
                array[0]!["content"] = $"{instructions}\n\n{text.GetValue<string>()}";
            else
                array.Insert(0, new JsonObject { ["role"] = ChatRole.System.Value, ["content"] = instructions });
        }

        return Element(array);
    }

    public static JsonElement Tools(IEnumerable<AIFunctionDeclaration> tools)
    {
        JsonArray array = [];
        foreach (AIFunctionDeclaration function in tools)
        {
            JsonObject declared = new() { ["name"] = function.Name };
            if (function.Description.Length > 0)
                declared["description"] = function.Description;

            declared["parameters"] = Node(function.JsonSchema);
            array.Add((JsonNode)new JsonObject { ["type"] = "function", ["function"] = declared });
        }

        return Element(array);
    }

    // The value as it was parsed, not parsed once more.
    private static JsonNode? Node(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(value),
        JsonValueKind.Array => JsonArray.Create(value),
        _ => JsonValue.Create(value),
    };

    // One message, but for the results of several calls, which are a message each.
    private static IEnumerable<JsonObject> Message(ChatMessage message)
    {
        List<string> texts = [];
        JsonArray parts = [], calls = [];
        string? reasoning = null;
        bool hasResults = false, onlyText = true;
        foreach (AIContent content in message.Contents)
        {
            switch (content)
            {
                case TextReasoningContent thought:
                    reasoning += thought.Text;
                    break;
                case TextContent text:
                    texts.Add(text.Text);
                    parts.Add((JsonNode)new JsonObject { ["type"] = "text", ["text"] = text.Text });
                    break;
                case FunctionCallContent call:
                    calls.Add((JsonNode)Call(call));
                    break;
                case FunctionResultContent result:
                    hasResults = true;
                    yield return Result(result);
                    break;
                case UriContent uri:
                    onlyText = false;
                    parts.Add((JsonNode)Media(uri.MediaType, uri.Uri.OriginalString));
                    break;
                case DataContent data:
                    onlyText = false;
                    parts.Add((JsonNode)Media(data.MediaType, data.Uri));
                    break;
                case UsageContent:
                    // Counts of an earlier reply; nobody said them.
                    break;
                default:
                    throw NoForm($"a message's {content.GetType().Name}");
            }
        }

        if (hasResults && parts.Count == 0 && calls.Count == 0 && reasoning is null)
            yield break;

        JsonObject json = new() { ["role"] = message.Role.Value, ["content"] = onlyText ? string.Concat(texts) : parts };
        Add(json, "name", message.AuthorName);
        Add(json, "reasoning_content", reasoning);
        Add(json, "tool_calls", calls.Count > 0 ? calls : null);
        yield return json;
    }

    private static JsonObject Call(FunctionCallContent call)
    {
        JsonObject arguments = [];
        foreach ((string name, object? value) in call.Arguments ?? new Dictionary<string, object?>())
            arguments[name] = Node(Element(value));

        return new()
        {
            ["type"] = "function",
            ["id"] = call.CallId,
            ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = arguments },
        };
    }

    private static JsonObject Result(FunctionResultContent result) => new()
    {
        ["role"] = ChatRole.Tool.Value,
        ["tool_call_id"] = result.CallId,
        ["content"] = result.Result switch
        {
            string text => text,
            AIContent part => ResultText([part]),
            IEnumerable<AIContent> parts => ResultText(parts),
            null when result.Exception is not null => $"Error: {result.Exception.Message}",
            JsonElement { ValueKind: JsonValueKind.String } text => text.GetString(),
            var value => JsonSerializer.Serialize(Element(value), Relaxed),
        },
    };

    // Tools give what they have; a model of text is told what it does not see.
    private static string ResultText(IEnumerable<AIContent> parts) => string.Concat(parts.Select(part => part switch
    {
        TextContent text => text.Text,
        DataContent data => LeftOut(data.MediaType),
        UriContent uri => LeftOut(uri.MediaType),
        _ => throw NoForm($"a tool result's {part.GetType().Name}"),
    }));

    private static string LeftOut(string mediaType) => $"[{mediaType} left out: only the text of a tool's result is shown]";

    private static JsonObject Media(string mediaType, string uri) => mediaType.Split('/')[0] switch
    {
        "image" => new() { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = uri } },
        "video" => new() { ["type"] = "video", ["video"] = uri },
        _ => throw NoForm($"content of type {mediaType}"),
    };

    private static OptionNotSupportedException NoForm(string content) => new(new OptionFault(
        FaultKind.NotSupported,
        nameof(ChatTemplateConversation.Messages),
        $"Chat templates have no form for {content}."));

    private static void Add(JsonObject json, string name, JsonNode? value)
    {
        if (value is not null)
            json[name] = value;
    }

    // The model reads the characters, not their escapes.
    private static JsonTypeInfo<JsonElement> Relaxed { get; } =
        (JsonTypeInfo<JsonElement>)
            new JsonSerializerOptions(AIJsonUtilities.DefaultOptions)
            {
                Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                WriteIndented = false,
            }.GetTypeInfo(typeof(JsonElement));
}
