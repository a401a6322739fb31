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
    /// <summary>The tag that ends a call.</summary>
    public const string Closing = "</tool_call>";

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
        return Grammar.Choice([.. tools.Select(tool => isXml ? XmlCallGrammar.Rest(tool, deadline) : Hermes(tool, deadline))]);
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

    /// <summary>Whether a tool whose schema cannot be enforced is refused.</summary>
    public static bool IsStrict(AIFunctionDeclaration tool) =>
        tool.AdditionalProperties.TryGetValue("strict", out object? strict)
        && strict is true or JsonElement { ValueKind: JsonValueKind.True };

    /// <summary>How long all tools of a request may take.</summary>
    public readonly record struct Deadline(long Begun, TimeSpan Most)
    {
        /// <exception cref="GrammarException">They have taken longer.</exception>
        public void Check()
        {
            if (Stopwatch.GetElapsedTime(Begun) > Most)
                throw new GrammarException("schema", "", "all of them take too long to prepare; offer fewer, or simpler ones.");
        }
    }
}
