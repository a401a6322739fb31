using System.Text.Json;
using Microsoft.Extensions.AI;

namespace QwenSharp.Chat.Streaming;

/// <summary>Hermes' dialect, of Qwen2.5, QwQ and Qwen3: <c>{"name": "f", "arguments": {…}}</c>.</summary>
public sealed class JsonToolCalls : IToolCallDialect
{
    /// <inheritdoc/>
    public bool IsTaughtBy(string template) => template.Contains("<tool_call>", StringComparison.Ordinal);

    /// <inheritdoc/>
    public bool IsInsideValue(string body)
    {
        bool inside = false;
        for (int i = 0; i < body.Length; i++)
        {
            if (body[i] == '"')
                inside = !inside;
            else if (body[i] == '\\' && inside)
                i++;
        }

        return inside;
    }

    /// <inheritdoc/>
    public FunctionCallContent? Read(string body, IReadOnlyDictionary<string, AIFunctionDeclaration> tools)
    {
        try
        {
            JsonElement call = Parse(body);
            bool isCall =
                call.ValueKind == JsonValueKind.Object
                && call.TryGetProperty("name", out JsonElement name)
                && name.ValueKind == JsonValueKind.String
                && call.EnumerateObject().All(property => property.Name is "name" or "arguments");
            if (!isCall)
                return null;

            JsonElement arguments = call.TryGetProperty("arguments", out JsonElement given) ? given : Parse("{}");
            // Some models write the object once more as a string, as OpenAI's protocol does.
            arguments = arguments.ValueKind == JsonValueKind.String ? Parse(arguments.GetString()!) : arguments;
            return arguments.ValueKind != JsonValueKind.Object ? null : new FunctionCallContent(
                ToolCallDialects.NewCallId(),
                call.GetProperty("name").GetString()!,
                arguments.EnumerateObject().ToDictionary(argument => argument.Name, argument => (object?)argument.Value));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Not JSON, or a string in it that is not Unicode.
            return null;
        }
    }

    private static JsonElement Parse(string json) => JsonElement.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
}
