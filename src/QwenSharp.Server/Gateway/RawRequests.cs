using System.Runtime.InteropServices;
using System.Text.Json;
using QwenSharp.Gateway.Forwarding;

namespace QwenSharp.Server.Gateway;

/// <summary>Requests as they came, to be sent on.</summary>
internal static class RawRequests
{
    /// <summary>A request of a form.</summary>
    /// <param name="http">The request.</param>
    /// <param name="wire">Its form.</param>
    /// <param name="body">Its JSON, which keeps the bytes that were read.</param>
    public static RawRequest Of(HttpContext http, Wire wire, JsonDocument body) => new(
        wire,
        JsonMarshal.GetRawUtf8Value(body.RootElement).ToArray(),
        [.. http.Request.Headers.SelectMany(header => header.Value.Select(value => KeyValuePair.Create(header.Key, value ?? "")))],
        http.Request.QueryString.Value ?? "");
}
