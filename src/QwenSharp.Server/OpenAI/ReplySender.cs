using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.OpenAI;

/// <summary>Sends the chunks of a reply as server-sent events, or folded into one value.</summary>
internal sealed class ReplySender(FaultDescriber faults, Shutdown shutdown)
{
    /// <summary>A token for the work of a request: cancelled when its client hangs up or the server ends.</summary>
    public CancellationTokenSource Work(HttpContext http) =>
        CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, shutdown.Token);

    /// <summary>
    /// Streams chunks until they end or the client hangs up. What fails before the first is thrown, and so becomes a reply with an error's
    /// status; what fails later becomes the stream's last event, without the <c>[DONE]</c> that ends a whole one.
    /// </summary>
    public async Task StreamAsync<T>(HttpContext http, IAsyncEnumerable<T> chunks, JsonTypeInfo<T> type, CancellationToken work)
    {
        IAsyncEnumerator<T> chunk = chunks.GetAsyncEnumerator(work);
        await using ConfiguredAsyncDisposable disposal = chunk.ConfigureAwait(false);
        bool more = await chunk.MoveNextAsync().ConfigureAwait(false);

        http.Response.ContentType = EventStream.MediaType;
        http.Response.Headers.CacheControl = "no-cache";
        PipeWriter output = http.Response.BodyWriter;
        try
        {
            while (more)
            {
                EventStream.Write(output, chunk.Current, type);
                await output.FlushAsync(work).ConfigureAwait(false);
                more = await chunk.MoveNextAsync().ConfigureAwait(false);
            }

            EventStream.WriteDone(output);
        }
        catch (Exception fault) when (!http.RequestAborted.IsCancellationRequested)
        {
            OpenAIErrorReply error = new(faults.Describe(http, fault).Error);
            EventStream.Write(output, error, OpenAIJson.Default.OpenAIErrorReply);
        }

        await output.FlushAsync(http.RequestAborted).ConfigureAwait(false);
    }
}
