using System.Text.Json;
using Microsoft.Extensions.AI;

namespace QwenSharp.Protocols.Requests;

/// <summary>A function that a request offers, and whether it is to be refused where its schema cannot be enforced.</summary>
internal sealed class OfferedFunction(string name, string? description, JsonElement schema, bool isStrict) : AIFunctionDeclaration
{
    /// <summary>The schema of a function without parameters.</summary>
    public static readonly JsonElement NoParameters = JsonElement.Parse("""{"type":"object","properties":{}}""");

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override string Description => description ?? "";

    /// <inheritdoc/>
    public override JsonElement JsonSchema => schema;

    /// <summary>Of a strict one <c>strict</c>, as <c>Microsoft.Extensions.AI</c> spells it.</summary>
    public override IReadOnlyDictionary<string, object?> AdditionalProperties { get; } =
        isStrict ? new Dictionary<string, object?> { ["strict"] = true } : new Dictionary<string, object?>();

    /// <summary>A function as a request describes it; without a schema it has no parameters.</summary>
    public static OfferedFunction Of(RequestValue name, string? description, RequestValue? schema, RequestValue? strict) =>
        new(name.String(), description, schema?.Element.Clone() ?? NoParameters, strict?.Boolean() ?? false);
}
