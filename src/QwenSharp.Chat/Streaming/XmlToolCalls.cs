using System.Text.Json;
using Microsoft.Extensions.AI;

namespace QwenSharp.Chat.Streaming;

/// <summary>
/// The dialect of Qwen3-Coder and Qwen3.5: <c>&lt;function=f&gt; &lt;parameter=p&gt; value &lt;/parameter&gt; … &lt;/function&gt;</c>. A
/// value is bare text, without
/// the newline on either side; whether <c>12</c> is a number or a string is for the tool's schema to say.
/// </summary>
public sealed class XmlToolCalls : IToolCallDialect
{
    private const string FunctionOpen = "<function=",
        FunctionClose = "</function>",
        ParameterOpen = "<parameter=",
        ParameterClose = "</parameter>";

    /// <inheritdoc/>
    public bool IsTaughtBy(string template) =>
        template.Contains(FunctionOpen, StringComparison.Ordinal) && template.Contains(ParameterOpen, StringComparison.Ordinal);

    /// <inheritdoc/>
    public bool IsInsideValue(string body)
    {
        ReadOnlySpan<char> text = body.AsSpan().TrimEnd();
        return text.Contains(ParameterOpen, StringComparison.Ordinal) && !text.EndsWith(FunctionClose) && !text.EndsWith(ParameterClose);
    }

    /// <inheritdoc/>
    public FunctionCallContent? Read(string body, IReadOnlyDictionary<string, AIFunctionDeclaration> tools)
    {
        string rest = body.Trim();
        if (!TryTag(ref rest, FunctionOpen, out string name) || !rest.EndsWith(FunctionClose, StringComparison.Ordinal))
            return null;

        JsonElement? schema = tools.TryGetValue(name, out AIFunctionDeclaration? tool) ? tool.JsonSchema : null;
        rest = rest[..^FunctionClose.Length].Trim();
        Dictionary<string, object?> arguments = [];
        while (rest.Length > 0)
        {
            if (!TryTag(ref rest, ParameterOpen, out string parameter) || ValueEnd(rest) is not (>= 0 and int end)
                || !arguments.TryAdd(parameter, Typed(Unframed(rest[..end]), Property(schema, parameter))))
            {
                return null;
            }

            rest = rest[(end + ParameterClose.Length)..].TrimStart();
        }

        return new FunctionCallContent(ToolCallDialects.NewCallId(), name, arguments);
    }

    private static bool TryTag(ref string rest, string open, out string name)
    {
        int close = rest.IndexOf('>', StringComparison.Ordinal);
        bool found = rest.StartsWith(open, StringComparison.Ordinal) && close > open.Length;
        name = found ? rest[open.Length..close].Trim() : string.Empty;
        rest = found ? rest[(close + 1)..] : rest;
        return found && name.Length > 0;
    }

    // The value may itself contain the closing tag; the one that counts is followed by another parameter or by nothing.
    private static int ValueEnd(string rest)
    {
        for (
            int end = rest.IndexOf(ParameterClose, StringComparison.Ordinal);
            end >= 0;
            end = rest.IndexOf(ParameterClose, end + 1, StringComparison.Ordinal))
        {
            ReadOnlySpan<char> after = rest.AsSpan(end + ParameterClose.Length).TrimStart();
            if (after.IsEmpty || after.StartsWith(ParameterOpen))
                return end;
        }

        return -1;
    }

    private static string Unframed(string value)
    {
        int start = value.StartsWith('\n') ? 1 : 0;
        int end = value.Length > start && value.EndsWith('\n') ? value.Length - 1 : value.Length;
        return value[start..end];
    }

    private static JsonElement? Property(JsonElement? schema, string name) =>
        schema is { ValueKind: JsonValueKind.Object } known && known.TryGetProperty("properties", out JsonElement properties)
        && properties.ValueKind == JsonValueKind.Object && properties.TryGetProperty(name, out JsonElement property) ? property : null;

    // Text stays text where the schema wants a string or says nothing; else it is JSON of a wanted type, or text after all.
    private static object? Typed(string value, JsonElement? property)
    {
        HashSet<string> types = [];
        if (property is JsonElement schema)
            CollectTypes(schema, types);

        if (types.Count == 0)
            return value;

        JsonElement? json = Json(value);
        string kind = json?.ValueKind switch
        {
            JsonValueKind.Null => "null",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            JsonValueKind.Number => "number",
            JsonValueKind.Array => "array",
            JsonValueKind.Object => "object",
            _ => "string",
        };
        bool isWanted = types.Contains(kind) || (kind == "number" && types.Contains("integer"));
        bool isPlain = kind == "string" || (types.Contains("string") && kind != "null");
        return isWanted && !isPlain ? json : PythonWord(value, types) ?? (object)value;
    }

    // Models that learnt from Python write its words for JSON's.
    private static object? PythonWord(string value, HashSet<string> types) => value.Trim() switch
    {
        "True" when types.Contains("boolean") && !types.Contains("string") => true,
        "False" when types.Contains("boolean") && !types.Contains("string") => false,
        _ => null,
    };

    private static void CollectTypes(JsonElement schema, HashSet<string> types)
    {
        if (schema.ValueKind != JsonValueKind.Object)
            return;

        if (schema.TryGetProperty("type", out JsonElement type))
        {
            foreach (JsonElement one in type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray()] : new[] { type })
                types.Add(one.ValueKind == JsonValueKind.String ? one.GetString()! : string.Empty);
        }

        foreach (string choice in new[] { "anyOf", "oneOf" })
        {
            if (schema.TryGetProperty(choice, out JsonElement choices) && choices.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement one in choices.EnumerateArray())
                    CollectTypes(one, types);
            }
        }
    }

    private static JsonElement? Json(string value)
    {
        try
        {
            return JsonElement.Parse(value);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
