using System.Text.Json;

namespace QwenSharp.Gateway.Tests.Fixtures;

/// <summary>What of one JSON is not in another.</summary>
internal static class JsonSubset
{
    /// <summary>The paths at which something wanted is missing or different. Text that holds JSON counts by what it holds.</summary>
    public static IReadOnlyList<string> Missing(JsonElement wanted, JsonElement found) => [.. Missing(wanted, found, "")];

    private static IEnumerable<string> Missing(JsonElement wanted, JsonElement found, string path)
    {
        if (wanted.ValueKind == JsonValueKind.Object && found.ValueKind == JsonValueKind.Object)
        {
            return wanted.EnumerateObject().SelectMany(member =>
            {
                string inner = path.Length > 0 ? $"{path}.{member.Name}" : member.Name;
                return found.TryGetProperty(member.Name, out JsonElement value) ? Missing(member.Value, value, inner) : [inner];
            });
        }

        if (wanted.ValueKind == JsonValueKind.Array && found.ValueKind == JsonValueKind.Array)
        {
            JsonElement[] items = [.. found.EnumerateArray()];
            return wanted.EnumerateArray().SelectMany((item, place) =>
                place < items.Length ? Missing(item, items[place], $"{path}[{place}]") : [$"{path}[{place}]"]);
        }

        return IsSame(wanted, found) ? [] : [path];
    }

    private static bool IsSame(JsonElement wanted, JsonElement found) =>
        JsonElement.DeepEquals(wanted, found)
        || (wanted.ValueKind == JsonValueKind.Number && found.ValueKind == JsonValueKind.Number
            && wanted.GetDouble().Equals(found.GetDouble()));
}
