using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Gateway.Tests.Fixtures;

/// <summary>A function as callers of the gateway offer it.</summary>
internal sealed class OfferedTool(string name, string description, JsonElement schema, bool? strict = null, string? keep = null)
    : AIFunctionDeclaration
{
    public override string Name => name;

    public override string Description => description;

    public override JsonElement JsonSchema => schema;

    public override IReadOnlyDictionary<string, object?> AdditionalProperties { get; } = new Dictionary<string, object?>(
        new (string Key, object? Value)[] { (ContentKeys.Strict, strict), (ContentKeys.CacheControl, keep) }
            .Where(entry => entry.Value is not null)
            .Select(entry => KeyValuePair.Create(entry.Key, entry.Value)));

    /// <summary>A tool as a request has it, in whichever form.</summary>
    public static OfferedTool Read(JsonElement tool, string? keep = null)
    {
        JsonElement inner = Member(tool, "function") ?? Member(tool, "toolSpec") ?? tool;
        JsonElement schema = Member(inner, "parameters") ?? Member(inner, "input_schema") ?? Member(inner, "parametersJsonSchema")
            ?? inner.GetProperty("inputSchema").GetProperty("json");
        return new OfferedTool(
            inner.GetProperty("name").GetString()!,
            inner.GetProperty("description").GetString()!,
            schema,
            Member(inner, "strict")?.GetBoolean(),
            keep);
    }

    private static JsonElement? Member(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) ? value : null;
}
