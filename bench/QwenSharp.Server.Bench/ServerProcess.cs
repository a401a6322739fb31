using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace QwenSharp.Server.Bench;

/// <summary>A server in a process of its own, on a free port of this machine; stopped when disposed.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>Bytes of memory that the process has at the moment.</summary>
    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts <c>qwensharp serve</c>.</summary>
    public static Task<ServerProcess> StartOurs(Arguments arguments, int clients, params string[] options)
    {
        string program = arguments.Ours ?? Checkout.PathOf("src", "QwenSharp.Cli", "bin", "Release", "net10.0", "qwensharp.dll");
        int port = FreePort();
        return Start("dotnet", port,
            [program, "serve", "--model", arguments.Model, "--port", $"{port}", "--max-running", $"{clients}", .. options]);
    }

    /// <summary>Starts llama-server with a slot for each client, in which a prompt and its answer have room.</summary>
    public static Task<ServerProcess> StartTheirs(Arguments arguments, int clients, int context)
    {
        int port = FreePort();
        return Start(arguments.LlamaServer!, port,
            [
                "-m", arguments.Model, "--host", "127.0.0.1", "--port", $"{port}", "-np", $"{clients}", "-c", $"{clients * context}",
                "-t", $"{Environment.ProcessorCount}",
            ]);
    }

    public async ValueTask DisposeAsync()
    {
        // Neither has anything to save.
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _process.Dispose();
    }

    private static async Task<ServerProcess> Start(string program, int port, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process process = Process.Start(start)!;
        string last = "";
        process.OutputDataReceived += (_, line) => last = line.Data ?? last;
        process.ErrorDataReceived += (_, line) => last = line.Data ?? last;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        ServerProcess server = new(process, new Uri($"http://127.0.0.1:{port}"));
        using HttpClient http = new();
        while (true)
        {
            if (process.HasExited)
                throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {last}");

            try
            {
                using HttpResponseMessage health = await http.GetAsync(new Uri(server.Address, "/health")).ConfigureAwait(false);
                if (health.StatusCode == HttpStatusCode.OK)
                    return server;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(100).ConfigureAwait(false);
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
