using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace QwenSharp.Server.Http;

/// <summary>
/// What a connection writes, where replies that the web server makes by itself get a body. What is no HTTP (a broken request line,
/// headers without end) never reaches an endpoint: Kestrel refuses it with a status alone, and a client would see an empty error.
/// </summary>
/// <param name="inner">The connection's own output.</param>
/// <param name="describe">The JSON body of such a reply, from its status and reason.</param>
internal sealed class RefusalWriter(PipeWriter inner, Func<int, string, byte[]> describe) : PipeWriter
{
    private readonly ArrayBufferWriter<byte> _pending = new();
    private readonly Lock _gate = new();
    private Task _interim = Task.CompletedTask;
    private long _passed;

    /// <summary>Puts a writer of this kind into every connection.</summary>
    public static ConnectionDelegate Use(ConnectionDelegate next, Func<int, string, byte[]> describe) => connection =>
    {
        RefusalWriter writer = new(connection.Transport.Output, describe);
        connection.Transport = new ConnectionPipes(connection.Transport.Input, writer);
        connection.Features.Set(writer);
        return next(connection);
    };

    /// <summary>
    /// Told when nothing can be sent any more; then that is no fault of who writes. Null where the connection tells by other means.
    /// </summary>
    public Action? Broken { get; set; }

    /// <summary>How often something was written; any thread may ask.</summary>
    public long Passed => Interlocked.Read(ref _passed);

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _pending.WrittenCount + (inner.CanGetUnflushedBytes ? inner.UnflushedBytes : 0);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _pending.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _pending.GetSpan(sizeHint);

    public override void Advance(int bytes) => _pending.Advance(bytes);

    /// <summary>
    /// Writes an interim response, where nothing was written since <see cref="Passed"/> was so much; false where something was. Any thread
    /// may do so, one at a time.
    /// </summary>
    public async Task<bool> TryInterjectAsync(ReadOnlyMemory<byte> response, long passed)
    {
        Task interim;
        lock (_gate)
        {
            if (_passed != passed)
                return false;

            inner.Write(response.Span);
            interim = _interim = SendAsync(CancellationToken.None).AsTask();
        }

        await interim.ConfigureAwait(false);
        return true;
    }

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Pass();
        if (!_interim.IsCompleted)
            await _interim.ConfigureAwait(false);

        return await SendAsync(cancellationToken).ConfigureAwait(false);
    }

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        if (exception is null)
            Pass();

        inner.Complete(exception);
    }

    private async ValueTask<FlushResult> SendAsync(CancellationToken cancellationToken)
    {
        FlushResult result;
        try
        {
            result = await inner.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault) when (Broken is not null && fault is not OperationCanceledException)
        {
            result = new FlushResult(isCanceled: false, isCompleted: true);
        }

        if (result.IsCompleted)
            Broken?.Invoke();

        return result;
    }

    // Kestrel writes the head of such a reply at once, and nothing behind it.
    private void Pass()
    {
        ReadOnlySpan<byte> head = _pending.WrittenSpan;
        if (head.IsEmpty)
            return;

        lock (_gate)
        {
            _passed++;
            if (IsRefusal(head, out int status, out string reason))
                Refuse(head, describe(status, reason));
            else
                inner.Write(head);
        }

        _pending.ResetWrittenCount();
    }

    private static bool IsRefusal(ReadOnlySpan<byte> head, out int status, out string reason)
    {
        (status, reason) = (0, "");
        ReadOnlySpan<byte> version = "HTTP/1.1 "u8;
        if (!head.StartsWith(version) || !Utf8Parser.TryParse(head[version.Length..], out status, out int digits) || status < 400)
            return false;

        int end = head.IndexOf("\r\n"u8);
        reason = Encoding.ASCII.GetString(head[(version.Length + digits)..Math.Max(end, version.Length + digits)]).Trim();
        return head.IndexOf("Connection: close\r\n"u8) > 0 && head.IndexOf("Content-Length: 0\r\n"u8) > 0 && head.EndsWith("\r\n\r\n"u8);
    }

    private void Refuse(ReadOnlySpan<byte> head, byte[] body)
    {
        ReadOnlySpan<byte> empty = "Content-Length: 0\r\n"u8;
        int at = head.IndexOf(empty);
        inner.Write(head[..at]);
        inner.Write(Encoding.ASCII.GetBytes($"Content-Type: application/json; charset=utf-8\r\nContent-Length: {body.Length}\r\n"));
        inner.Write(head[(at + empty.Length)..]);
        inner.Write(body);
    }
}
