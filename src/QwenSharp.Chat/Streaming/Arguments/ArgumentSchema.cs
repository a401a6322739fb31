using System.Text.Json;

namespace QwenSharp.Chat.Streaming.Arguments;

/// <summary>
/// A JSON Schema, or a part of one, as far as reading arguments needs it: which kinds of values it allows, through local <c>$ref</c>s,
/// <c>allOf</c>, <c>anyOf</c>, <c>oneOf</c>, <c>enum</c> and <c>const</c>. Schemas come from clients: every walk is bounded, and what is
/// not understood restricts nothing.
/// </summary>
/// <param name="root">The schema that <c>$ref</c>s point into.</param>
/// <param name="schema">The part.</param>
internal sealed class ArgumentSchema(JsonElement root, JsonElement schema)
{
    private const int MaxSteps = 256;

    /// <summary>The kinds of values that are allowed.</summary>
    public JsonKinds Kinds
    {
        get
        {
            int steps = MaxSteps;
            return KindsOf(schema, ref steps);
        }
    }

    /// <summary>The values of every <c>enum</c> and <c>const</c> on the way; none where any value may be given.</summary>
    public IReadOnlyList<JsonElement> Members
    {
        get
        {
            List<JsonElement> members = [];
            Collect(part =>
            {
                if (part.TryGetProperty("enum", out JsonElement values) && values.ValueKind == JsonValueKind.Array)
                    members.AddRange(values.EnumerateArray());
                if (part.TryGetProperty("const", out JsonElement value))
                    members.Add(value);
            });
            return members;
        }
    }

    /// <summary>Whether texts may be given that no <c>enum</c> or <c>const</c> lists.</summary>
    public bool TakesAnyText
    {
        get
        {
            int steps = MaxSteps;
            return MayBeAnyText(schema, ref steps);
        }
    }

    /// <summary>The names of the properties that are declared; none where any may be given.</summary>
    public IReadOnlyDictionary<string, ArgumentSchema> Properties
    {
        get
        {
            Dictionary<string, ArgumentSchema> found = [];
            Collect(part =>
            {
                if (part.TryGetProperty("properties", out JsonElement properties) && properties.ValueKind == JsonValueKind.Object)
                {
                    foreach (JsonProperty property in properties.EnumerateObject())
                        found.TryAdd(property.Name, new ArgumentSchema(root, property.Value));
                }
            });
            return found;
        }
    }

    /// <summary>The properties that must be there.</summary>
    public IReadOnlyList<string> Required
    {
        get
        {
            List<string> required = [];
            if (schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("required", out JsonElement names)
                && names.ValueKind == JsonValueKind.Array)
            {
                required.AddRange(names.EnumerateArray()
                    .Where(name => name.ValueKind == JsonValueKind.String)
                    .Select(name => name.GetString()!));
            }

            return required;
        }
    }

    /// <summary>
    /// Whether a value is of an allowed kind, and has no property where others are declared. Asked of what had to be mended, where
    /// a misread bracket shows in the names.
    /// </summary>
    public bool Fits(JsonElement value)
    {
        if ((Kinds & JsonKindNames.Of(value)) == 0)
            return false;

        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                IReadOnlyDictionary<string, ArgumentSchema> declared = Properties;
                return value.EnumerateObject().All(property =>
                    declared.Count == 0 || declared.TryGetValue(property.Name, out ArgumentSchema? known) && known.Fits(property.Value));
            case JsonValueKind.Array:
                return Items is not { } items || value.EnumerateArray().All(items.Fits);
            default:
                return true;
        }
    }

    private ArgumentSchema? Items
    {
        get
        {
            JsonElement? items = null;
            Collect(part => items ??= part.TryGetProperty("items", out JsonElement given) ? given : null);
            return items is { ValueKind: JsonValueKind.Object } one ? new ArgumentSchema(root, one) : null;
        }
    }

    // Visits this part and all that it refers to or is composed of.
    private void Collect(Action<JsonElement> visit)
    {
        int steps = MaxSteps;
        Collect(schema, visit, ref steps);
    }

    private void Collect(JsonElement part, Action<JsonElement> visit, ref int steps)
    {
        if (part.ValueKind != JsonValueKind.Object || --steps < 0)
            return;

        visit(part);
        if (Referred(part) is { } referred)
            Collect(referred, visit, ref steps);

        foreach (string composition in (ReadOnlySpan<string>)["allOf", "anyOf", "oneOf"])
        {
            foreach (JsonElement one in Parts(part, composition))
                Collect(one, visit, ref steps);
        }
    }

    private JsonKinds KindsOf(JsonElement part, ref int steps)
    {
        if (part.ValueKind != JsonValueKind.Object || --steps < 0)
            return JsonKinds.All;

        JsonKinds kinds = Named(part) & Listed(part);
        if (Referred(part) is { } referred)
            kinds &= KindsOf(referred, ref steps);

        foreach (JsonElement one in Parts(part, "allOf"))
            kinds &= KindsOf(one, ref steps);

        foreach (string choice in (ReadOnlySpan<string>)["anyOf", "oneOf"])
        {
            JsonKinds any = JsonKinds.None;
            foreach (JsonElement one in Parts(part, choice))
                any |= KindsOf(one, ref steps);

            kinds &= any == JsonKinds.None ? JsonKinds.All : any;
        }

        bool isNullable = part.TryGetProperty("nullable", out JsonElement nullable) && nullable.ValueKind == JsonValueKind.True;
        return isNullable ? kinds | JsonKinds.Null : kinds;
    }

    private bool MayBeAnyText(JsonElement part, ref int steps)
    {
        if (part.ValueKind != JsonValueKind.Object || --steps < 0)
            return true;
        if (!Named(part).HasFlag(JsonKinds.String) || part.TryGetProperty("enum", out _) || part.TryGetProperty("const", out _))
            return false;
        if (Referred(part) is { } referred && !MayBeAnyText(referred, ref steps))
            return false;

        foreach (JsonElement one in Parts(part, "allOf"))
        {
            if (!MayBeAnyText(one, ref steps))
                return false;
        }

        foreach (string choice in (ReadOnlySpan<string>)["anyOf", "oneOf"])
        {
            bool isAnyOf = false, mayBe = false;
            foreach (JsonElement one in Parts(part, choice))
                (isAnyOf, mayBe) = (true, mayBe || MayBeAnyText(one, ref steps));

            if (isAnyOf && !mayBe)
                return false;
        }

        return true;
    }

    // What "type" says; without it, what only objects or arrays have.
    private static JsonKinds Named(JsonElement part)
    {
        if (!part.TryGetProperty("type", out JsonElement type))
        {
            return part.TryGetProperty("properties", out _) ? JsonKinds.Object
                : part.TryGetProperty("items", out _) ? JsonKinds.Array
                : JsonKinds.All;
        }

        JsonKinds kinds = JsonKinds.None;
        foreach (JsonElement one in type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray()] : new[] { type })
            kinds |= one.ValueKind == JsonValueKind.String ? JsonKindNames.Of(one.GetString()!) : JsonKinds.All;

        return kinds == JsonKinds.None ? JsonKinds.All : kinds;
    }

    private static JsonKinds Listed(JsonElement part)
    {
        JsonKinds kinds = part.TryGetProperty("const", out JsonElement value) ? JsonKindNames.Of(value) : JsonKinds.None;
        foreach (JsonElement one in Parts(part, "enum"))
            kinds |= JsonKindNames.Of(one);

        return kinds == JsonKinds.None ? JsonKinds.All : kinds;
    }

    private static IEnumerable<JsonElement> Parts(JsonElement part, string name) =>
        part.TryGetProperty(name, out JsonElement parts) && parts.ValueKind == JsonValueKind.Array ? parts.EnumerateArray() : [];

    // A JSON pointer into the same schema; others are not followed.
    private JsonElement? Referred(JsonElement part)
    {
        if (!part.TryGetProperty("$ref", out JsonElement reference) || reference.ValueKind != JsonValueKind.String
            || reference.GetString() is not ['#', .. string pointer])
        {
            return null;
        }

        JsonElement found = root;
        foreach (string escaped in pointer.Split('/', StringSplitOptions.RemoveEmptyEntries).Take(MaxSteps))
        {
            string name = Uri.UnescapeDataString(escaped).Replace("~1", "/", StringComparison.Ordinal)
                .Replace("~0", "~", StringComparison.Ordinal);
            if (found.ValueKind == JsonValueKind.Object && found.TryGetProperty(name, out JsonElement property))
                found = property;
            else if (found.ValueKind == JsonValueKind.Array && uint.TryParse(name, out uint place) && place < found.GetArrayLength())
                found = found[(int)place];
            else
                return null;
        }

        return found;
    }
}
