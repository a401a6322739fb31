using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat.Streaming;
using QwenSharp.Grammars;

namespace QwenSharp.Constraints;

/// <summary>
/// What may follow <see cref="CallWatch.Opening"/>: a call of one of some tools, with arguments that its schema takes, up to the closing
/// tag; in the form that the model's template teaches.
/// </summary>
internal static class CallGrammar
{
    private const string Closing = "</tool_call>";
    private const string EndOfParameter = "\n</parameter>\n";

    // Parameters of tools that do not say which they have.
    private const string AnyParameter = "<parameter=[A-Za-z0-9_.\\-]{1,64}>\n";

    // Each schema is bounded by itself; of a request with many, all of them are.
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(10);

    /// <summary>The rest of a call, behind its opening.</summary>
    /// <param name="dialect">How the model writes calls.</param>
    /// <param name="tools">The tools that may be called; at least one.</param>
    /// <param name="most">How long it may take; null for what a request may.</param>
    /// <exception cref="GrammarException">It takes longer, or a strict tool's schema cannot be enforced.</exception>
    public static Grammar Rest(ToolCallDialect dialect, IReadOnlyList<AIFunctionDeclaration> tools, TimeSpan? most = null)
    {
        bool isXml = dialect.Names.Contains("xml");
        Deadline deadline = new(Stopwatch.GetTimestamp(), most ?? MostTime);
        return Grammar.Choice([.. tools.Select(tool => isXml ? Xml(tool, deadline) : Hermes(tool, deadline))]);
    }

    /// <summary>Nothing but calls: one, or several, a line each.</summary>
    public static Grammar Calls(Grammar rest, bool one)
    {
        Grammar call = Grammar.Sequence(Grammar.Literal(CallWatch.Opening), rest);
        return one ? call : Grammar.Sequence(call, Grammar.Repeat(Grammar.Sequence(Grammar.Literal("\n"), call)));
    }

    // {"name": "look_up", "arguments": {…}}
    private static Grammar Hermes(AIFunctionDeclaration tool, Deadline deadline) => Grammar.Sequence(
        Grammar.Literal($"\n{{\"name\": {Quote(tool.Name)}, \"arguments\": "),
        Arguments(tool, deadline),
        Grammar.Literal($"}}\n{Closing}"));

    private static string Quote(string name) => $"\"{JsonEncodedText.Encode(name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static Grammar Arguments(AIFunctionDeclaration tool, Deadline deadline)
    {
        deadline.Check();
        try
        {
            return Grammar.FromJsonSchema(AsObject(tool.JsonSchema));
        }
        catch (GrammarException) when (!IsStrict(tool))
        {
            // A tool whose schema says more than can be enforced is called all the same; only who asks for strictness is refused.
            return Grammar.AnyJsonObject();
        }
    }

    // A schema that leaves the type open means an object here.
    private static JsonElement AsObject(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object || schema.TryGetProperty("type", out _) || schema.TryGetProperty("$ref", out _))
            return schema.ValueKind == JsonValueKind.Object ? schema : JsonElement.Parse("""{"type": "object"}""");

        JsonObject typed = JsonObject.Create(schema)!;
        typed["type"] = "object";
        return JsonElement.Parse(typed.ToJsonString());
    }

    // <function=look_up>, <parameter=word>, its value and </parameter>, a line each.
    private static Grammar Xml(AIFunctionDeclaration tool, Deadline deadline) => Grammar.Sequence(
        Grammar.Literal($"\n<function={tool.Name}>\n"),
        Parameters(tool, deadline),
        Grammar.Literal($"</function>\n{Closing}"));

    private static Grammar Parameters(AIFunctionDeclaration tool, Deadline deadline)
    {
        JsonElement schema = tool.JsonSchema;
        if (schema.ValueKind != JsonValueKind.Object
            || !schema.TryGetProperty("properties", out JsonElement properties)
            || properties.ValueKind != JsonValueKind.Object
            || properties.GetPropertyCount() is 0 or > 64)
        {
            return schema.ValueKind == JsonValueKind.Object
                && schema.TryGetProperty("additionalProperties", out JsonElement more) && more.ValueKind == JsonValueKind.False
                    ? Grammar.Repeat(Grammar.Literal("\n"), 0, 0)
                    : Grammar.Repeat(Grammar.Sequence(Grammar.FromRegex(AnyParameter), Grammar.TextUntil(EndOfParameter)));
        }

        HashSet<string> required = schema.TryGetProperty("required", out JsonElement names) && names.ValueKind == JsonValueKind.Array
            ? [.. names.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()!)]
            : [];
        return Grammar.InAnyOrder(
            [.. properties.EnumerateObject().Select(property => (
                Grammar.Sequence(
                    Grammar.Literal($"<parameter={property.Name}>\n"),
                    Value(tool, schema, property.Value, deadline)),
                required.Contains(property.Name)))]);
    }

    /// <summary>A parameter's value and its closing tag. Text stands as it is, anything else as JSON.</summary>
    private static Grammar Value(AIFunctionDeclaration tool, JsonElement root, JsonElement parameter, Deadline deadline)
    {
        deadline.Check();
        JsonElement schema = Within(root, parameter);
        if (IsText(schema))
        {
            return schema.TryGetProperty("enum", out JsonElement words)
                && words.ValueKind == JsonValueKind.Array
                && words.GetArrayLength() > 0
                && words.EnumerateArray().All(word => word.ValueKind == JsonValueKind.String)
                    ? Grammar.Sequence(
                        Grammar.FromChoices([.. words.EnumerateArray().Select(word => word.GetString()!)]),
                        Grammar.Literal(EndOfParameter))
                    : Grammar.TextUntil(EndOfParameter);
        }

        try
        {
            Grammar json = Grammar.Sequence(Grammar.FromJsonSchema(schema), Grammar.Literal(EndOfParameter));
            return MayBeText(schema) ? Grammar.TextUntil(EndOfParameter) : json;
        }
        catch (GrammarException) when (!IsStrict(tool))
        {
            return Grammar.TextUntil(EndOfParameter);
        }
    }

    private static bool IsText(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object
        && schema.TryGetProperty("type", out JsonElement type)
        && type.ValueKind == JsonValueKind.String
        && type.ValueEquals("string");

    // What may be text among other things is written without quotes, and so cannot be told from the rest.
    private static bool MayBeText(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object)
            return schema.ValueKind == JsonValueKind.True;

        if (schema.TryGetProperty("type", out JsonElement type))
            return type.ValueKind == JsonValueKind.Array && type.EnumerateArray().Any(one => one.ValueEquals("string"));

        foreach (string keyword in (string[])["anyOf", "oneOf"])
        {
            if (schema.TryGetProperty(keyword, out JsonElement branches) && branches.ValueKind == JsonValueKind.Array)
                return branches.EnumerateArray().Any(branch => IsText(branch) || MayBeText(branch));
        }

        return !schema.TryGetProperty("$ref", out _) && !schema.TryGetProperty("enum", out _) && !schema.TryGetProperty("const", out _);
    }

    // References of a parameter's schema are from the root of the tool's.
    private static JsonElement Within(JsonElement root, JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object
            || (!root.TryGetProperty("$defs", out JsonElement defs) && !root.TryGetProperty("definitions", out defs)))
        {
            return schema;
        }

        JsonObject own = JsonObject.Create(schema)!;
        foreach (string keyword in (string[])["$defs", "definitions"])
        {
            if (root.TryGetProperty(keyword, out defs) && !own.ContainsKey(keyword))
                own[keyword] = JsonNode.Parse(defs.GetRawText());
        }

        return JsonElement.Parse(own.ToJsonString());
    }

    /// <summary>Whether a tool whose schema cannot be enforced is refused.</summary>
    public static bool IsStrict(AIFunctionDeclaration tool) =>
        tool.AdditionalProperties.TryGetValue("strict", out object? strict)
        && strict is true or JsonElement { ValueKind: JsonValueKind.True };

    private readonly record struct Deadline(long Begun, TimeSpan Most)
    {
        public void Check()
        {
            if (Stopwatch.GetElapsedTime(Begun) > Most)
                throw new GrammarException("schema", "", "all of them take too long to prepare; offer fewer, or simpler ones.");
        }
    }
}
