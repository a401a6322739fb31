using System.Diagnostics;
using System.Globalization;

namespace QwenSharp.Cli.Tests;

/// <summary>A signal to a process under test, which is to end of it.</summary>
internal static class Signal
{
    // A shell that starts work in the background has it ignore Ctrl-C; the tests then fail, in place of waiting for ever.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    /// <summary>Sends it and waits for the end.</summary>
    /// <exception cref="TimeoutException">It goes on after two minutes.</exception>
    public static async Task EndAsync(Process process, string signal = "-INT")
    {
        using Process kill = Process.Start("kill", [signal, process.Id.ToString(CultureInfo.InvariantCulture)]);
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Longest, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
