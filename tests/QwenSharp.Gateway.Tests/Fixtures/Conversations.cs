using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Tests.Fixtures;

/// <summary>Neutral chat types with the texts and the data that a request of the reference data has.</summary>
internal static class Conversations
{
    /// <summary>The value at a path such as <c>messages[0].content</c>.</summary>
    public static JsonElement At(this JsonElement json, string path)
    {
        foreach (string step in path.Split('.', '[').Select(step => step.TrimEnd(']')))
            json = int.TryParse(step, out int place) ? json[place] : json.GetProperty(step);

        return json;
    }

    /// <summary>The text at a path.</summary>
    public static string Text(this JsonElement json, string path) => json.At(path).GetString()!;

    public static ChatMessage Instructions(string text) => new(ChatRole.System, text);

    public static ChatMessage Developer(string text) => new(new ChatRole("developer"), text);

    public static ChatMessage User(params AIContent[] contents) => new(ChatRole.User, contents);

    public static ChatMessage User(string text) => new(ChatRole.User, text);

    public static ChatMessage Assistant(params AIContent[] contents) => new(ChatRole.Assistant, contents);

    public static ChatMessage Result(string id, object? result) => new(ChatRole.Tool, [new FunctionResultContent(id, result)]);

    public static ChatMessage Failure(string id, string message) =>
        new(ChatRole.Tool, [new FunctionResultContent(id, null) { Exception = new InvalidOperationException(message) }]);

    /// <summary>A call whose arguments are an object, or text that holds one.</summary>
    public static FunctionCallContent Function(string id, string name, JsonElement arguments) => new(
        id,
        name,
        (arguments.ValueKind == JsonValueKind.String ? JsonElement.Parse(arguments.GetString()!) : arguments)
            .EnumerateObject()
            .ToDictionary(member => member.Name, member => (object?)member.Value));

    public static TextContent Kept(string text, string lifetime = "") => Kept(new TextContent(text), lifetime);

    public static T Kept<T>(T content, string lifetime = "")
        where T : AIContent => With(content, ContentKeys.CacheControl, lifetime);

    public static T With<T>(T content, string key, object? value)
        where T : AIContent
    {
        if (value is not null)
            (content.AdditionalProperties ??= [])[key] = value;

        return content;
    }

    public static TextReasoningContent Signed(ProviderKind kind, string text, string data, string? form = null) => With(
        With(new TextReasoningContent(text) { ProtectedData = data }, ContentKeys.Origin, ProviderKinds.Word(kind)),
        ContentKeys.ProtectedForm,
        form);

    /// <summary>Bytes in Base64, or a <c>data:</c> address.</summary>
    public static DataContent Data(string base64, string mediaType, string? name = null) =>
        new(Convert.FromBase64String(base64.Split(',')[^1]), mediaType) { Name = name };

    public static UriContent Link(string address, string mediaType = "image/png") => new(address, mediaType);

    public static AdditionalPropertiesDictionary Properties(params (string Key, object? Value)[] properties) =>
        new(properties.Select(property => KeyValuePair.Create(property.Key, property.Value)));

    /// <summary>Fields that stand in the request as they are.</summary>
    public static (string Key, object? Value) Fields(this JsonElement request, ProviderKind kind, params string[] names) => (
        RemoteOptionKeys.Fields,
        new Dictionary<string, object?>
        {
            [ProviderKinds.Word(kind)] = JsonSerializer.SerializeToElement(
                names.ToDictionary(name => name, name => request.GetProperty(name)), AIJsonUtilities.DefaultOptions),
        });

    public static IList<AITool> Tools(this JsonElement request, string path = "tools") =>
        [.. request.At(path).EnumerateArray().Take(2).Select(tool => OfferedTool.Read(tool))];

    public static ChatResponseFormat Schema(JsonElement schema, string? name = "tide", string? description = null) =>
        ChatResponseFormat.ForJsonSchema(schema, name, description);

    public static ProviderCall Call(string model, ChatOptions? options, params ChatMessage[] messages) =>
        new(model, messages, options ?? new ChatOptions()) { Stream = false };

    /// <summary>The call, streamed.</summary>
    public static ProviderCall Streamed(this ProviderCall call) => call with { Stream = true };
}
