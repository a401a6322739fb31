using System.Text.Json.Serialization.Metadata;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Server.Http;

/// <summary>Replies whose body is one JSON value.</summary>
internal static class JsonReply
{
    public const string MediaType = "application/json; charset=utf-8";

    public static async Task SendAsync<T>(HttpContext http, T value, JsonTypeInfo<T> type)
    {
        http.Response.ContentType = MediaType;
        WireJson.Write(http.Response.BodyWriter, value, type);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted).ConfigureAwait(false);
    }
}
