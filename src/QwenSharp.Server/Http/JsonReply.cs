using System.Text.Json.Serialization.Metadata;
using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Server.Http;

/// <summary>Replies whose body is one JSON value.</summary>
internal static class JsonReply
{
    public static async Task SendAsync<T>(HttpContext http, T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json; charset=utf-8";
        OpenAIJson.Write(http.Response.BodyWriter, value, type);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted).ConfigureAwait(false);
    }

    public static Task SendErrorAsync(HttpContext http, OpenAIException fault) =>
        SendAsync(http, new OpenAIErrorReply(fault.Error), OpenAIJson.Default.OpenAIErrorReply, fault.Status);
}
