namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>Where a path of a form is, below a provider's base URL.</summary>
internal static class Address
{
    /// <summary>
    /// The base URL and the path. What of the path the end of the base URL says already is not said again, so that
    /// <c>https://host</c> and <c>https://host/v1</c> lead to the same <c>/v1/chat/completions</c>.
    /// </summary>
    /// <param name="baseUrl">The base URL; its query stays behind the path.</param>
    /// <param name="path">The path from its root on, with a query or without.</param>
    public static Uri Of(Uri baseUrl, string path)
    {
        string[] before = baseUrl.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int question = path.IndexOf('?', StringComparison.Ordinal);
        string[] after = (question < 0 ? path : path[..question]).Split('/', StringSplitOptions.RemoveEmptyEntries);
        int said = before.Length == 0 ? 0 : Array.IndexOf(after, before[^1]) + 1;
        string query = string.Join(
            '&',
            new[] { question < 0 ? "" : path[(question + 1)..], baseUrl.Query.TrimStart('?') }.Where(part => part.Length > 0));
        string whole = string.Join('/', before.Concat(after.Skip(said)));
        return new Uri($"{baseUrl.GetLeftPart(UriPartial.Authority)}/{whole}{(query.Length > 0 ? "?" + query : "")}");
    }

    /// <summary>A name as one segment of a path.</summary>
    public static string Segment(string name) => Uri.EscapeDataString(name);
}
