using System.Diagnostics;
using System.Text;

namespace QwenSharp.Cli.Bench;

/// <summary>
/// This program once more, as a process of its own: for figures that belong to a process, such as the most memory that it held.
/// </summary>
internal static class OwnProcess
{
    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="stop">Ends the process.</param>
    /// <returns>Its standard output.</returns>
    /// <exception cref="InvalidOperationException">It failed; the message is what it said.</exception>
    public static async Task<string> RunAsync(IEnumerable<string> arguments, CancellationToken stop)
    {
        using Process process = Process.Start(new ProcessStartInfo(FileName, [.. Host, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        })!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(stop), error = process.StandardError.ReadToEndAsync(stop);
            await process.WaitForExitAsync(stop).ConfigureAwait(false);
            if (process.ExitCode != ExitCode.Ok)
            {
                string said = (await error.ConfigureAwait(false)).Trim();
                throw new InvalidOperationException(
                    said.StartsWith("qwensharp: ", StringComparison.Ordinal)
                        ? said["qwensharp: ".Length..]
                        : $"A process of the measurement ended with {process.ExitCode}. {said}");
            }

            return await output.ConfigureAwait(false);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    private static string AssemblyPath => Path.Combine(AppContext.BaseDirectory, "qwensharp.dll");

    // The program's own executable (compiled ahead of time it may be one level of several, qwensharp-avx2), or .NET's host with the
    // program's assembly where that is how this process was started.
    private static bool IsOwnExecutable =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) is { } name && name.Split('-')[0] == "qwensharp";

    private static string FileName =>
        IsOwnExecutable ? Environment.ProcessPath! : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private static string[] Host => IsOwnExecutable ? [] : [AssemblyPath];
}
