using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using QwenSharp.Hub;
using QwenSharp.Protocols.Ollama;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.Ollama;

/// <summary><c>POST /api/pull</c>: from the hubs that the server knows. Who leaves ends it; the next pull goes on from there.</summary>
internal sealed class PullEndpoint(DialectService service)
{
    public async Task InvokeAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token, declared: false).ConfigureAwait(false);
        ModelRequest request = ModelRequest.Read(body.RootElement);
        service.Changes.Require();
        HubOptions hub = service.Models.Library?.Hub ?? throw new HttpFault(
            StatusCodes.Status403Forbidden, HttpFaultKind.Forbidden, "This server pulls no models: it was started without hubs.");
        ModelReference model;
        try
        {
            model = ModelReference.Parse(OllamaNames.Bare(request.Model), hub);
        }
        catch (HubException unknown)
        {
            throw new HttpFault(StatusCodes.Status400BadRequest, HttpFaultKind.UnknownModel, unknown.Message, unknown);
        }

        await ProgressSender
            .SendAsync(service, http, PullAsync(hub, model, work.Token), request.Stream, work.Token)
            .ConfigureAwait(false);
    }

    private static async IAsyncEnumerable<ProgressReply> PullAsync(
        HubOptions hub, ModelReference model, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new ProgressReply("pulling manifest");
        using CancellationTokenSource left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Channel<ProgressReply> lines = Channel.CreateUnbounded<ProgressReply>(new UnboundedChannelOptions { SingleReader = true });
        Task pull = Task.Run(() => TransferAsync(hub, model, lines.Writer, left.Token), CancellationToken.None);
        try
        {
            await foreach (ProgressReply line in lines.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return line;

            await pull.ConfigureAwait(false);
        }
        finally
        {
            await left.CancelAsync().ConfigureAwait(false);
            await pull.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        yield return new ProgressReply("writing manifest");
        yield return new ProgressReply("success");
    }

    private static async Task TransferAsync(
        HubOptions hub, ModelReference model, ChannelWriter<ProgressReply> lines, CancellationToken cancellationToken)
    {
        try
        {
            using HubClient client = new(hub);
            await client.PullAsync(model, null, new Lines(lines), cancellationToken).ConfigureAwait(false);
        }
        catch (HubException fault)
        {
            throw new HttpFault(StatusCodes.Status502BadGateway, HttpFaultKind.Hub, fault.Message, fault);
        }
        finally
        {
            lines.Complete();
        }
    }

    /// <summary>Progress as lines: one a file and phase, and then a few each second.</summary>
    private sealed class Lines(ChannelWriter<ProgressReply> lines) : IProgress<PullProgress>
    {
        private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

        private readonly Lock _gate = new();
        private (string File, PullPhase Phase) _at;
        private long _told;

        public void Report(PullProgress value)
        {
            lock (_gate)
            {
                if (_at == (value.File, value.Phase) && Stopwatch.GetElapsedTime(_told) < Interval && value.Done < value.Total)
                    return;

                (_at, _told) = ((value.File, value.Phase), Stopwatch.GetTimestamp());
                lines.TryWrite(new ProgressReply(Status(value))
                {
                    // Clients keep a bar for each digest, and cut it as one.
                    Digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value.File))),
                    Total = value.Total,
                    Completed = value.Done,
                });
            }
        }

        private static string Status(PullProgress value) => value.Phase switch
        {
            PullPhase.Waiting => $"waiting for {value.File}, which another process pulls",
            PullPhase.Checking => "verifying sha256 digest",
            _ => $"pulling {value.File}",
        };
    }
}
