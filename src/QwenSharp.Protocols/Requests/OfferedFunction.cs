using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.Requests;

/// <summary>A function that a request offers, and whether it is to be refused where its schema cannot be enforced.</summary>
internal sealed class OfferedFunction(string name, string? description, JsonElement schema, bool isStrict, string? kept = null)
    : AIFunctionDeclaration
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
    public override IReadOnlyDictionary<string, object?> AdditionalProperties { get; } = Properties(isStrict, kept);

    /// <summary>A function as a request describes it; without a schema it has no parameters.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it does; null where that is not said.</param>
    /// <param name="schema">Of its arguments.</param>
    /// <param name="strict">Whether the schema is to be kept to the letter.</param>
    /// <param name="kept">How long everything up to here is to be kept; null where that is not asked.</param>
    public static OfferedFunction Of(
        RequestValue name, string? description, RequestValue? schema, RequestValue? strict, string? kept = null) =>
        new(name.String(), description, schema?.Element.Clone() ?? NoParameters, strict?.Boolean() ?? false, kept);

    private static Dictionary<string, object?> Properties(bool isStrict, string? kept)
    {
        Dictionary<string, object?> properties = [];
        if (isStrict)
            properties[ContentKeys.Strict] = true;

        if (kept is not null)
            properties[ContentKeys.CacheControl] = kept;

        return properties;
    }
}
