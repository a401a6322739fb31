using System.ComponentModel;
using System.Diagnostics;

namespace QwenSharp.Agent.Sandboxes;

/// <summary>Tries whether a sandbox works.</summary>
internal static class SandboxTrial
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>Runs nothing inside of it.</summary>
    /// <returns>What is wrong; null where it works.</returns>
    public static async Task<string?> RunAsync(Sandbox sandbox, string directory, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> command = sandbox.Wrap(["/bin/sh", "-c", ":"], directory);
        ProcessStartInfo start = new(command[0], command.Skip(1))
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };

        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stop.CancelAfter(Longest);
        try
        {
            using Process process = Process.Start(start)!;
            process.StandardInput.Close();
            string error = await process.StandardError.ReadToEndAsync(stop.Token).ConfigureAwait(false);
            await process.WaitForExitAsync(stop.Token).ConfigureAwait(false);
            return process.ExitCode == 0 ? null : error.Trim() is { Length: > 0 } said ? said : $"it ends with {process.ExitCode}";
        }
        catch (Win32Exception missing)
        {
            return missing.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "it does not answer";
        }
    }
}
