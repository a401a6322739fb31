using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using QwenSharp.Server.State;
using QwenSharp.Server.Tests.State;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace QwenSharp.Server.Tests.State;

/// <summary>
/// A PostgreSQL of Debian's package in a folder of its own, started with the first test that asks. It refuses to run as root; where the
/// tests do, it runs as the user that its package made.
/// </summary>
public sealed class PostgresServer : IDisposable
{
    private readonly SemaphoreSlim _starting = new(1);
    private string? _folder;
    private string? _programs;
    private string? _missing;
    private int _port;

    /// <summary>The address of a new, empty database; skips the test where there is no PostgreSQL.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_port == 0 && _missing is null)
                Start();
        }
        finally
        {
            _starting.Release();
        }

        Assert.SkipWhen(_missing is not null, _missing ?? "");
        string name = $"t{Guid.NewGuid():N}";
        string server = $"postgres://postgres@127.0.0.1:{_port}/";
        await using NpgsqlConnection connection = new(PostgresAddress.ToConnectionString(server + "postgres?Pooling=false"));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using NpgsqlCommand create = new($"CREATE DATABASE {name}", connection);
        await create.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return server + name;
    }

    public void Dispose()
    {
        if (_port > 0)
            Run("pg_ctl", "stop", "--mode=immediate", "--pgdata", _folder!);
        if (_folder is not null)
            Directory.Delete(_folder, recursive: true);

        _starting.Dispose();
    }

    private void Start()
    {
        _programs = Programs();
        if (_programs is null)
        {
            _missing = "PostgreSQL is not installed: there is neither initdb in the PATH nor in /usr/lib/postgresql.";
            return;
        }

        _folder = Directory.CreateTempSubdirectory("qwensharp-postgres-").FullName;
        if (Environment.IsPrivilegedProcess)
            Start("chown", "postgres", _folder);

        (int status, string output) = Run(
            "initdb", "--pgdata", _folder, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions");
        if (status == 0)
        {
            int port = FreePort();
            (status, output) = Run(
                "pg_ctl",
                "start",
                "--wait",
                "--pgdata",
                _folder,
                "--log",
                Path.Combine(_folder, "log"),
                "--options",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={_folder} -c fsync=off"));
            if (status == 0)
                _port = port;
        }

        if (status != 0)
            _missing = $"PostgreSQL does not start here: {output}";
    }

    private (int Status, string Output) Run(string program, params string[] arguments) =>
        Environment.IsPrivilegedProcess
            ? Start("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", Path.Combine(_programs!, program), .. arguments])
            : Start(Path.Combine(_programs!, program), arguments);

    // What a server that goes on in the background inherits would never end: its output goes to a file.
    private static (int Status, string Output) Start(string program, params string[] arguments)
    {
        bool starts = arguments.Contains("start");
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = "/",
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        if (starts)
        {
            process.WaitForExit();
            return (process.ExitCode, $"{program} ended with {process.ExitCode}");
        }

        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + error.Result;
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    private static string? Programs()
    {
        IEnumerable<string> packaged = Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").Order().Reverse().Select(version => Path.Combine(version, "bin"))
            : [];
        IEnumerable<string> path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return packaged.Concat(path).FirstOrDefault(folder =>
            File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_ctl")));
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
