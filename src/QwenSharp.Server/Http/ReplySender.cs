using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace QwenSharp.Server.Http;

/// <summary>Sends the parts of a reply as they come.</summary>
internal sealed class ReplySender(FaultDescriber faults, Shutdown shutdown, ServerOptions options)
{
    /// <summary>A token for the work of a request: cancelled when its client hangs up, its time is over or the server ends.</summary>
    public CancellationTokenSource Work(HttpContext http)
    {
        CancellationTokenSource work = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, shutdown.Token);
        if (options.Deadline is { } deadline)
            work.CancelAfter(deadline);

        return work;
    }

    /// <summary>
    /// Streams parts until they end or the client hangs up. What fails before the first is thrown, and so becomes a reply with an error's
    /// status; what fails later becomes the stream's last words, without those that end a whole one.
    /// </summary>
    public async Task StreamAsync<T>(HttpContext http, IAsyncEnumerable<T> parts, StreamFormat<T> format, CancellationToken work)
    {
        IAsyncEnumerator<T> part = parts.GetAsyncEnumerator(work);
        await using ConfiguredAsyncDisposable disposal = part.ConfigureAwait(false);
        bool more = await part.MoveNextAsync().ConfigureAwait(false);

        http.Response.ContentType = format.MediaType;
        http.Response.Headers.CacheControl = "no-cache";
        PipeWriter output = http.Response.BodyWriter;
        try
        {
            while (more)
            {
                format.Write(output, part.Current);
                await output.FlushAsync(work).ConfigureAwait(false);
                more = await part.MoveNextAsync().ConfigureAwait(false);
            }

            format.End(output);
        }
        catch (Exception fault) when (!http.RequestAborted.IsCancellationRequested)
        {
            format.Fail(output, faults.Describe(http, fault));
        }

        await output.FlushAsync(http.RequestAborted).ConfigureAwait(false);
    }
}
