using System.Diagnostics;

namespace QwenSharp.Packages.Tests;

/// <summary>A program run to its end.</summary>
/// <param name="ExitCode">What it returned.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Error">Its standard error.</param>
internal sealed record Command(int ExitCode, string Output, string Error)
{
    private static readonly string _dotnetRoot =
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));

    /// <summary>Runs .NET's own command, and fails the test unless it succeeds.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="packages">The folder that restored packages go to; null for the user's own.</param>
    /// <param name="arguments">The command line.</param>
    public static async Task<string> DotnetAsync(string folder, string? packages, params string[] arguments)
    {
        Dictionary<string, string?> environment = new()
        {
            // Nothing stays behind that holds files of a test's folder.
            ["MSBUILDDISABLENODEREUSE"] = "1",
            ["UseSharedCompilation"] = "false",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
            ["DOTNET_NOLOGO"] = "1",
        };
        if (packages is not null)
            environment["NUGET_PACKAGES"] = packages;

        Command done = await RunAsync(Path.Combine(_dotnetRoot, "dotnet"), folder, environment, arguments);
        Assert.True(done.ExitCode == 0, $"dotnet {string.Join(' ', arguments)}\n{done.Output}\n{done.Error}");
        return done.Output;
    }

    /// <summary>Runs a program.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="folder">Where.</param>
    /// <param name="environment">What is set beside the environment of the tests.</param>
    /// <param name="arguments">The command line.</param>
    public static async Task<Command> RunAsync(
        string program, string folder, IReadOnlyDictionary<string, string?> environment, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_ROOT"] = _dotnetRoot;
        foreach ((string name, string? value) in environment)
            start.Environment[name] = value;

        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        CancellationToken stop = TestContext.Current.CancellationToken;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(stop), error = process.StandardError.ReadToEndAsync(stop);
            await process.WaitForExitAsync(stop);
            return new Command(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
