using System.Text.Json;

namespace QwenSharp.Hub;

/// <summary>Reads fields of a hub's JSON that may be absent, null or of the wrong type: absent for us.</summary>
internal static class JsonFields
{
    public static string? Text(this JsonElement element, string name) => element.Field(name)?.AsText();

    /// <summary>A string; null where it is something else, or holds bytes or escapes that are no Unicode.</summary>
    public static string? AsText(this JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    public static long? Number(this JsonElement element, string name) =>
        element.Field(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out long number) ? number : null;

    public static IEnumerable<JsonElement>? Items(this JsonElement element, string name) =>
        element.Field(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : null;

    public static JsonElement? Field(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) ? value : null;

    /// <summary>A file of a list, checked: its name may become a path here, and its length is one.</summary>
    /// <exception cref="HubException">It may not.</exception>
    public static RepoFile CheckedFile(HubSite site, string repo, string? path, long? size, ContentHash? hash)
    {
        if (path is null || !RepoNames.IsPath(path))
        {
            throw new HubException(
                $"{site.Name} lists a file of {repo} under a name that is not safe to write: '{path?.ReplaceLineEndings(" ")}'. Nothing "
                    + "was written."
            );
        }

        if (size is not >= 0)
            throw new HubException($"{site.Name} does not say how long {path} of {repo} is. Is {site.Endpoint} a complete mirror?");

        return new RepoFile(path, size.Value, hash);
    }
}
