using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat.Streaming;
using QwenSharp.Grammars;

namespace QwenSharp.Constraints;

/// <summary>What may follow <see cref="CallWatch.Opening"/> where calls are XML: a function, and its parameters, a line each tag.</summary>
internal static class XmlCallGrammar
{
    private const string EndOfParameter = "\n</parameter>\n";

    // Parameters of tools that do not say which they have.
    private const string AnyParameter = "<parameter=[A-Za-z0-9_.\\-]{1,64}>\n";

    private const int MostParameters = 64;

    // The keywords of a tool's schema that are kept, and those that ask for nothing. Parameters that nobody declared do not come.
    private static readonly HashSet<string> Kept =
    [
        "type", "properties", "required", "additionalProperties", "$defs", "definitions", "$schema", "$id", "$comment", "title",
        "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "strict",
    ];

    /// <summary>The rest of a call of one tool, behind its opening.</summary>
    /// <exception cref="GrammarException">It takes too long, or the schema of a strict tool cannot be enforced.</exception>
    public static Grammar Rest(AIFunctionDeclaration tool, CallGrammar.Deadline deadline) => Grammar.Sequence(
        Grammar.Literal($"\n<function={tool.Name}>\n"),
        Parameters(tool, deadline),
        Grammar.Literal($"</function>\n{CallGrammar.Closing}"));

    private static Grammar Parameters(AIFunctionDeclaration tool, CallGrammar.Deadline deadline)
    {
        JsonElement schema = tool.JsonSchema;
        JsonProperty[] declared = Declared(schema);
        HashSet<string> required = Required(schema);
        if (CallGrammar.IsStrict(tool) && Beyond(schema, declared, required) is { } keyword)
            throw new GrammarException(keyword, "", "it cannot be enforced in calls of this model, which are no JSON.");

        if (declared.Length is 0 or > MostParameters)
        {
            return declared.Length == 0 && IsClosed(schema)
                ? Grammar.Literal("")
                : Grammar.Repeat(Grammar.Sequence(Grammar.FromRegex(AnyParameter), Grammar.TextUntil(EndOfParameter)));
        }

        return Grammar.InAnyOrder(
            [.. declared.Select(property => (
                Grammar.Sequence(Grammar.Literal($"<parameter={property.Name}>\n"), Value(tool, property.Value, deadline)),
                required.Contains(property.Name)))]);
    }

    private static JsonProperty[] Declared(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object
        && schema.TryGetProperty("properties", out JsonElement properties) && properties.ValueKind == JsonValueKind.Object
            ? [.. properties.EnumerateObject()]
            : [];

    private static HashSet<string> Required(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object
        && schema.TryGetProperty("required", out JsonElement names) && names.ValueKind == JsonValueKind.Array
            ? [.. names.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()!)]
            : [];

    private static bool IsClosed(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object
        && schema.TryGetProperty("additionalProperties", out JsonElement more) && more.ValueKind == JsonValueKind.False;

    /// <summary>A keyword of a tool's schema that asks for more than is kept; null where there is none.</summary>
    private static string? Beyond(JsonElement schema, JsonProperty[] declared, HashSet<string> required)
    {
        if (schema.ValueKind != JsonValueKind.Object)
            return null;
        if (declared.Length > MostParameters)
            return "properties";
        if (!required.IsSubsetOf(declared.Select(property => property.Name)))
            return "required";

        // Parameters that may have any name have any value.
        bool isOpen = declared.Length == 0 && schema.TryGetProperty("additionalProperties", out JsonElement more)
            && more.ValueKind is not (JsonValueKind.True or JsonValueKind.False);
        return isOpen
            ? "additionalProperties"
            : schema.EnumerateObject().Select(one => one.Name).FirstOrDefault(name => !Kept.Contains(name));
    }

    /// <summary>A parameter's value and its closing tag.</summary>
    private static Grammar Value(AIFunctionDeclaration tool, JsonElement parameter, CallGrammar.Deadline deadline)
    {
        deadline.Check();
        JsonElement schema = Within(tool.JsonSchema, parameter);
        try
        {
            return Value(schema, BareArgument.FormsOf(schema));
        }
        catch (GrammarException) when (!CallGrammar.IsStrict(tool))
        {
            return Grammar.TextUntil(EndOfParameter);
        }
    }

    private static Grammar Value(JsonElement schema, BareForms forms)
    {
        List<Grammar> ways = [];
        if (forms.HasFlag(BareForms.Text))
            ways.Add(Grammar.TextOfJsonSchema(schema, EndOfParameter));
        if (forms.HasFlag(BareForms.Null))
            ways.Add(Json(Both(schema, """{"type":"null"}""")));
        if (forms.HasFlag(BareForms.Json))
            ways.Add(Json(forms.HasFlag(BareForms.Text) ? Both(schema, """{"not":{"type":"string"}}""") : schema));

        return ways is [var only] ? only : Grammar.Choice([.. ways]);
    }

    private static Grammar Json(JsonElement schema) => Grammar.Sequence(Grammar.FromJsonSchema(schema), Grammar.Literal(EndOfParameter));

    // Two schemas at once; the definitions stay where references look for them.
    private static JsonElement Both(JsonElement schema, string other)
    {
        JsonObject both = JsonNode.Parse(other)!.AsObject();
        both["allOf"] = new JsonArray(JsonNode.Parse(schema.GetRawText()));
        return Within(schema, JsonElement.Parse(both.ToJsonString()));
    }

    // References of a parameter's schema are from the root of the tool's.
    private static JsonElement Within(JsonElement root, JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object
            || root.ValueKind != JsonValueKind.Object
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
}
