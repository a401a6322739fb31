using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat.Streaming.Arguments;

namespace QwenSharp.Chat.Streaming.Hermes;

/// <summary>
/// A call as a JSON object: <c>name</c> with <c>arguments</c>, or <c>parameters</c> as some say; perhaps with <c>type</c> and <c>id</c>, or
/// inside <c>function</c>, as in OpenAI's protocol. The arguments may be JSON in a string; empty, null or left out they are none.
/// </summary>
internal static class JsonCall
{
    private static readonly JsonElement None = JsonElement.Parse("{}");

    /// <summary>Reads a call; null if the text is none.</summary>
    /// <param name="text">The object.</param>
    /// <param name="tools">What is offered.</param>
    /// <param name="isMarked">Whether a tag says that this is a call; else it has to name an offered tool, and its arguments.</param>
    /// <param name="isMended">Whether brackets were added, so that everything has to be what the tool takes.</param>
    public static FunctionCallContent? Read(string text, OfferedTools tools, bool isMarked, bool isMended)
    {
        if (LenientJson.Parse(text) is not { ValueKind: JsonValueKind.Object } call || !HasKnownType(call))
            return null;

        if (call.TryGetProperty("function", out JsonElement inner))
        {
            if (inner.ValueKind != JsonValueKind.Object || !HasOnly(call, "type", "id", "function"))
                return null;

            call = inner;
        }

        if (!HasOnly(call, "type", "id", "name", "arguments", "parameters") || !call.TryGetProperty("name", out JsonElement name)
            || name.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        bool hasArguments = call.TryGetProperty("arguments", out JsonElement given);
        bool hasParameters = call.TryGetProperty("parameters", out JsonElement other);
        OfferedTool? tool = tools.Find(name.GetString()!);
        if (hasArguments && hasParameters || !isMarked && (tool is null || !hasArguments && !hasParameters))
            return null;

        if (Arguments(hasParameters ? other : given) is not { } arguments)
            return null;
        // A tool's declaration has "parameters" too.
        if (hasParameters && tool?.TakesOnly(arguments) != true || isMended && tool?.TakesMended(arguments) != true)
            return null;

        return ToolCallDialect.Call(name.GetString()!, JsonArguments.Of(arguments));
    }

    private static JsonElement? Arguments(JsonElement given)
    {
        if (given.ValueKind == JsonValueKind.String)
        {
            string text = given.GetString()!;
            if (string.IsNullOrWhiteSpace(text))
                return None;
            if (LenientJson.Parse(text) is not { ValueKind: not JsonValueKind.String } json)
                return null;

            given = json;
        }

        return given.ValueKind switch
        {
            JsonValueKind.Object => given,
            JsonValueKind.Undefined or JsonValueKind.Null => None,
            JsonValueKind.Array when given.GetArrayLength() == 0 => None,
            _ => null,
        };
    }

    private static bool HasKnownType(JsonElement call) =>
        !call.TryGetProperty("type", out JsonElement type) || type.ValueKind == JsonValueKind.String && type.GetString() == "function";

    private static bool HasOnly(JsonElement json, params string[] names) =>
        json.EnumerateObject().All(property => names.Contains(property.Name));
}
