using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace QwenSharp.Server.Http;

/// <summary>
/// Whether the client of a connection is still there once it has ended its sending. Whoever leaves ends it too, and the two look the same
/// until something is sent: a client that left has its system refuse that. The web server takes both for leaving; here a client that waits
/// gets its whole answer. While nothing is written of an answer, interim responses find out: every HTTP/1.1 client passes over a
/// <c>100 Continue</c>. Once a response has begun, its own parts do.
/// </summary>
/// <param name="output">What the connection writes.</param>
internal sealed class ClientPresence(RefusalWriter output)
{
    // The first is refused by the system of a client that left, the second is not sent, and the third sees it.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250), LaterPause = TimeSpan.FromSeconds(2);
    private const int SoonAfter = 4;

    // HTTP/1.0 knows no interim responses.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly byte[] Interim = "HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray();

    private readonly CancellationTokenSource _left = new();
    private volatile bool _isAnswering;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Watches every connection; those that are encrypted have no such half.</summary>
    public static ConnectionDelegate Use(ConnectionDelegate next) => async connection =>
    {
        RefusalWriter output = connection.Features.Get<RefusalWriter>()!;
        ClientPresence client = new(output);
        output.Broken = client.Leave;
        using CancellationTokenRegistration end = connection.ConnectionClosed.UnsafeRegister(
            static ended => ((TaskCompletionSource)ended!).TrySetResult(), client._ended);
        connection.ConnectionClosed = client._left.Token;
        connection.Transport = new ConnectionPipes(new EndedReader(connection.Transport.Input, client), output);
        connection.Features.Set(client);
        await next(connection).ConfigureAwait(false);
    };

    /// <summary>Whether the client has ended its sending before the end of a request's body.</summary>
    public bool IsCutShort { get; private set; }

    /// <summary>Answers a request; one whose client has left is aborted.</summary>
    public static async Task AnswerAsync(HttpContext http, RequestDelegate next)
    {
        if (http.Features.Get<ClientPresence>() is not { } client)
        {
            await next(http).ConfigureAwait(false);
            return;
        }

        client._isAnswering = true;
        using CancellationTokenSource answered = new();
        Task watch = client.WatchAsync(HttpProtocol.IsHttp11(http.Request.Protocol), answered.Token);
        try
        {
            await next(http).ConfigureAwait(false);
        }
        finally
        {
            client._isAnswering = client.IsCutShort;
            await answered.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Not on the thread that writes, which may hold what is asked for.
    private void Leave() => _ = _left.CancelAsync();

    private async Task WatchAsync(bool interim, CancellationToken answered)
    {
        long before = output.Passed;
        await _ended.Task.WaitAsync(answered).ConfigureAwait(false);
        if (!interim)
        {
            await Task.Delay(Patience, answered).ConfigureAwait(false);
            if (output.Passed == before)
                Leave();

            return;
        }

        for (int probe = 0; ; probe++)
        {
            await Task.Delay(probe < SoonAfter ? Pause : LaterPause, answered).ConfigureAwait(false);
            if (!await output.TryInterjectAsync(Interim, before).ConfigureAwait(false))
                return;
        }
    }

    /// <summary>
    /// What the web server reads. It aborts a connection whose end it sees beside the last bytes of a body; here the end comes behind them.
    /// </summary>
    private sealed class EndedReader(PipeReader inner, ClientPresence client) : PipeReader
    {
        private ReadResult _last;
        private long _known;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            ReadResult read = await inner.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (!IsEnd(ref read) || !client._isAnswering)
                return read;

            // Of an end within a body the web server would make an end without a reply, but not of this.
            client.IsCutShort = true;
            inner.AdvanceTo(read.Buffer.Start);
            throw new ConnectionAbortedException("The request's body ended too early.");
        }

        public override bool TryRead(out ReadResult result)
        {
            if (!inner.TryRead(out result))
                return false;
            if (!IsEnd(ref result) || !client._isAnswering)
                return true;

            inner.AdvanceTo(result.Buffer.Start);
            return false;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            _known = _last.Buffer.Slice(examined).IsEmpty ? _last.Buffer.Slice(consumed).Length : 0;
            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        /// <summary>Whether there is nothing but the end behind what was looked at already; else the end is not told yet.</summary>
        private bool IsEnd(ref ReadResult read)
        {
            _last = read;
            if (!read.IsCompleted || read.Buffer.Length == _known)
                return read.IsCompleted;

            read = new ReadResult(read.Buffer, read.IsCanceled, isCompleted: false);
            return false;
        }
    }
}
