using QwenSharp.Gateway.Routing;

namespace QwenSharp.Server.Gateway;

/// <summary>The headers that say who answered, who did not, and what was left out of the request on its way.</summary>
internal static class RouteHeaders
{
    /// <summary>The header with a <see cref="RouteTrail"/>.</summary>
    public const string Route = "x-qwensharp-route";

    /// <summary>The header with what was not carried, separated by commas.</summary>
    public const string Dropped = "x-qwensharp-dropped";

    public static void Write(HttpContext http, RouteTrail trail, IReadOnlyList<string> dropped)
    {
        http.Response.Headers[Route] = Printable($"{trail}");
        if (dropped.Count > 0)
            http.Response.Headers[Dropped] = Printable(string.Join(", ", dropped));
    }

    // Clients invent names of models; a header takes letters of ASCII.
    private static string Printable(string text) =>
        string.Concat(text.Select(letter => letter is >= ' ' and <= '~' ? letter : '?'));
}
