using System.Net.Http.Headers;

namespace QwenSharp.Gateway.Forwarding;

/// <summary>Which headers go on from one connection to the next.</summary>
internal static class ForwardedHeaders
{
    // RFC 9110, section 7.6.1; and what each connection says of itself.
    private static readonly HashSet<string> OfAConnection = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade", "Host", "Expect", "Date", "Server", "Alt-Svc",
    };

    // The gateway's clients' secrets are not the providers' to see, nor the other way round; and the account goes with the key.
    private static readonly HashSet<string> Secret = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "x-api-key", "api-key", "x-goog-api-key", "Cookie", "Set-Cookie", "OpenAI-Organization", "OpenAI-Project",
    };

    // The body that is sent on is neither compressed nor of the same length; an answer that is understood on its way is not compressed.
    private static readonly HashSet<string> OfTheBody = new(StringComparer.OrdinalIgnoreCase)
    {
        "Content-Length", "Content-Type", "Content-Encoding", "Accept-Encoding",
    };

    /// <summary>The headers of a request that go on.</summary>
    public static IEnumerable<KeyValuePair<string, string>> OfRequest(IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        HashSet<string> named = Named(headers.Where(header => Is(header.Key, "Connection")).Select(header => header.Value));
        return headers.Where(header =>
            !OfAConnection.Contains(header.Key) && !Secret.Contains(header.Key) && !OfTheBody.Contains(header.Key)
            && !named.Contains(header.Key));
    }

    /// <summary>The headers of a reply that go on.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> OfReply(HttpResponseHeaders head, HttpContentHeaders body)
    {
        HashSet<string> named = Named(head.Connection);
        return
        [
            .. head.Concat(body)
                .Where(header => !OfAConnection.Contains(header.Key) && !Secret.Contains(header.Key) && !named.Contains(header.Key))
                .SelectMany(header => header.Value.Select(value => KeyValuePair.Create(header.Key, value))),
        ];
    }

    private static HashSet<string> Named(IEnumerable<string> connection) => new(
        connection.SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)),
        StringComparer.OrdinalIgnoreCase);

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}
