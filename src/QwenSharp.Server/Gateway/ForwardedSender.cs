using System.IO.Pipelines;
using Microsoft.Extensions.AI;
using QwenSharp.Gateway.Forwarding;
using QwenSharp.Gateway.Providers;
using QwenSharp.Server.Callers;
using QwenSharp.Server.Operations;

namespace QwenSharp.Server.Gateway;

/// <summary>Sends answers and refusals as they came. What they took is counted as that of other answers is.</summary>
internal static class ForwardedSender
{
    /// <summary>Sends an answer, part by part.</summary>
    /// <param name="http">The request.</param>
    /// <param name="reply">The answer.</param>
    /// <param name="model">The name that was asked for.</param>
    /// <param name="caller">The holder of the key; null where none is needed.</param>
    /// <param name="work">Ends it.</param>
    public static async Task SendAsync(HttpContext http, ForwardedReply reply, string model, Caller? caller, CancellationToken work)
    {
        AnswerWatch watch = new(http, model);
        WriteHead(http, reply.Status, reply.Headers);
        PipeWriter output = http.Response.BodyWriter;
        caller?.Ask(model);
        try
        {
            await foreach (ForwardedPart part in reply.ReadAsync().ConfigureAwait(false))
            {
                foreach (ChatResponseUpdate update in part.Updates)
                {
                    watch.See(new(0, update));
                    caller?.Spend(model, update, isFirst: true);
                }

                await output.WriteAsync(part.Bytes, work).ConfigureAwait(false);
            }
        }
        catch (Exception fault)
            when (fault is ProviderException or OperationCanceledException && !http.RequestAborted.IsCancellationRequested)
        {
            // An answer that was cut is seen to be: there is no word for it that could be put behind somebody else's.
            http.Abort();
        }
    }

    /// <summary>Sends a refusal.</summary>
    public static async Task SendAsync(HttpContext http, RejectedReply reply)
    {
        WriteHead(http, reply.Status, reply.Headers);
        await http.Response.BodyWriter.WriteAsync(reply.Body, http.RequestAborted).ConfigureAwait(false);
    }

    private static void WriteHead(HttpContext http, int status, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        http.Response.StatusCode = status;
        foreach (IGrouping<string, KeyValuePair<string, string>> header in headers.GroupBy(header => header.Key))
        {
            // Another QwenSharp tells its own way; the client asked for this one's.
            if (!header.Key.Equals(RouteHeaders.Route, StringComparison.OrdinalIgnoreCase))
                http.Response.Headers[header.Key] = header.Select(value => value.Value).ToArray();
        }
    }
}
