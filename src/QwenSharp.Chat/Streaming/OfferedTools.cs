using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat.Streaming.Arguments;

namespace QwenSharp.Chat.Streaming;

/// <summary>The tools that a request offers, by name, with the schemas of their arguments.</summary>
internal sealed class OfferedTools(IEnumerable<AITool> tools)
{
    private readonly Dictionary<string, OfferedTool> _tools = tools
        .OfType<AIFunctionDeclaration>()
        .DistinctBy(tool => tool.Name)
        .ToDictionary(tool => tool.Name, tool => new OfferedTool(tool.JsonSchema));

    public int Count => _tools.Count;

    /// <summary>The tool of a name; null if none is offered under it.</summary>
    public OfferedTool? Find(string name) => _tools.GetValueOrDefault(name);
}

/// <summary>What the arguments of a tool may be.</summary>
internal sealed class OfferedTool(JsonElement schema)
{
    private static readonly JsonElement Anything = JsonElement.Parse("{}");

    private readonly ArgumentSchema _schema = new(schema, schema);
    private readonly IReadOnlyDictionary<string, ArgumentSchema> _properties = new ArgumentSchema(schema, schema).Properties;

    /// <summary>Whether the tool says what its parameters are.</summary>
    public bool DeclaresParameters => _properties.Count > 0;

    public bool Declares(string parameter) => _properties.ContainsKey(parameter);

    public ArgumentSchema SchemaOf(string parameter) =>
        _properties.TryGetValue(parameter, out ArgumentSchema? known) ? known : new ArgumentSchema(Anything, Anything);

    /// <summary>Whether every parameter that must be given is.</summary>
    public bool HasRequired(IEnumerable<string> given) => !_schema.Required.Except(given).Any();

    /// <summary>Whether an argument of a call that had to be mended is what the tool takes.</summary>
    /// <param name="parameter">Its name.</param>
    /// <param name="value">JSON, text or a truth value.</param>
    public bool Takes(string parameter, object value) =>
        (!DeclaresParameters || Declares(parameter)) && (value switch
        {
            JsonElement json => SchemaOf(parameter).Fits(json),
            bool => SchemaOf(parameter).Kinds.HasFlag(JsonKinds.Boolean),
            _ => SchemaOf(parameter).Kinds.HasFlag(JsonKinds.String),
        });

    /// <summary>Whether every argument is declared, and of a kind that it may be.</summary>
    public bool TakesOnly(JsonElement arguments) =>
        arguments.EnumerateObject().All(argument => Declares(argument.Name) && Takes(argument.Name, argument.Value));

    /// <summary>Whether arguments are what the tool takes, and no bracket that was left out moved one into the object before.</summary>
    public bool TakesMended(JsonElement arguments) =>
        arguments.EnumerateObject().All(argument => Takes(argument.Name, argument.Value) && !HoldsAStray(argument.Value));

    private bool HoldsAStray(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Any(property => Declares(property.Name) || HoldsAStray(property.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(HoldsAStray),
        _ => false,
    };
}
