using System.Text.Json;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.Batches;

/// <summary>What an endpoint said to a request of this process.</summary>
/// <param name="Status">The status.</param>
/// <param name="RequestId">The request's name.</param>
/// <param name="Body">The JSON.</param>
/// <param name="Fault">Why it is not answered; null where it is.</param>
internal sealed record InnerReply(int Status, string RequestId, byte[] Body, HttpFault? Fault)
{
    /// <summary>Asks an endpoint as a client would, without a connection. A stream is refused.</summary>
    /// <param name="dialect">The endpoint's dialect.</param>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="body">The JSON.</param>
    /// <param name="services">What words faults and counts answers.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<InnerReply> AskAsync(
        IDialect dialect, RequestDelegate endpoint, byte[] body, IServiceProvider services, CancellationToken cancellationToken)
    {
        using MemoryStream reply = new();
        DefaultHttpContext http = new()
        {
            RequestServices = services,
            RequestAborted = cancellationToken,
            TraceIdentifier = $"req_{Guid.NewGuid():N}",
        };
        http.Request.Method = HttpMethods.Post;
        http.Request.ContentType = "application/json";
        http.Request.ContentLength = body.Length;
        http.Request.Body = new MemoryStream(body);
        http.Response.Body = reply;
        try
        {
            if (AsksForStream(body))
            {
                throw new HttpFault(
                    StatusCodes.Status400BadRequest,
                    HttpFaultKind.Malformed,
                    "A request of a batch cannot be streamed: leave 'stream' out.");
            }

            await endpoint(http).ConfigureAwait(false);
            return new InnerReply(http.Response.StatusCode, http.TraceIdentifier, reply.ToArray(), Fault: null);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            HttpFault fault = services.GetRequiredService<FaultDescriber>().Describe(http, failure);
            System.Buffers.ArrayBufferWriter<byte> words = new();
            dialect.WriteFault(fault, words);
            return new InnerReply(dialect.StatusOf(fault), http.TraceIdentifier, words.WrittenSpan.ToArray(), fault);
        }
    }

    private static bool AsksForStream(byte[] body)
    {
        using JsonDocument json = JsonDocument.Parse(body);
        return json.RootElement.TryGetProperty("stream", out JsonElement stream) && stream.ValueKind == JsonValueKind.True;
    }
}
