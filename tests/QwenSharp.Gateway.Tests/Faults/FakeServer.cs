using System.Net;
using System.Net.Sockets;
using System.Text;

namespace QwenSharp.Gateway.Tests.Faults;

/// <summary>A provider on this machine that says exactly what it is told to, also what no server should.</summary>
internal sealed class FakeServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Stream, CancellationToken, Task> _answer;
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FakeServer(Func<Stream, CancellationToken, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = ServeAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Ends when a client has hung up in the middle of an answer.</summary>
    public Task ClientLeft => _left.Task;

    public static FakeServer Answering(Func<Stream, CancellationToken, Task> answer) => new(answer);

    /// <summary>A server that says some pieces, one after the other, and hangs up.</summary>
    public static FakeServer Saying(params string[] pieces) => new(async (stream, stop) =>
    {
        foreach (string piece in pieces)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(piece), stop);
            await stream.FlushAsync(stop);
            await Task.Delay(5, stop);
        }
    });

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
    }

    private async Task ServeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            using TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
            await using NetworkStream stream = client.GetStream();
            try
            {
                await ReadRequestAsync(stream);
                await _answer(stream, _stop.Token);
            }
            catch (IOException)
            {
                _left.TrySetResult();
            }
        }
    }

    // Head and body: both are there before anything is answered.
    private async Task ReadRequestAsync(NetworkStream stream)
    {
        byte[] chunk = new byte[4096];
        StringBuilder text = new();
        int wanted = int.MaxValue;
        while (text.Length < wanted)
        {
            text.Append(Encoding.Latin1.GetString(chunk, 0, await stream.ReadAsync(chunk, _stop.Token)));
            string said = text.ToString();
            int head = said.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (head < 0)
                continue;

            string length = said.Split("Content-Length: ")[1].Split('\r')[0];
            wanted = head + 4 + int.Parse(length, System.Globalization.CultureInfo.InvariantCulture);
        }
    }
}
