using System.ComponentModel;
using System.Diagnostics;

namespace QwenSharp.Server.Tests;

/// <summary>Runs scripts of this project's folders with Node.js, after npm has brought what they import.</summary>
internal static class NodeScript
{
    private static readonly SemaphoreSlim OneInstall = new(1);

    /// <summary>Installs what a folder's lock file names, once. Skips the test where Node.js or the packages cannot be had.</summary>
    /// <param name="folder">The folder, beside this file.</param>
    /// <param name="package">A package that is there afterwards.</param>
    public static async Task PrepareAsync(string folder, string package)
    {
        (int status, string output) = await StartAsync("node", folder, "--version");
        Assert.SkipWhen(status != 0, $"Node.js is not here: {output}");

        await OneInstall.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (Directory.Exists(Path.Combine(Folder(folder), "node_modules", package)))
                return;

            // npm is a script, which Windows starts only through its shell.
            (status, output) = OperatingSystem.IsWindows()
                ? await StartAsync("cmd", folder, "/c", "npm", "ci", "--ignore-scripts")
                : await StartAsync("npm", folder, "ci", "--ignore-scripts");
            Assert.SkipWhen(status != 0, $"npm cannot bring the packages of {folder}: {output}");
        }
        finally
        {
            OneInstall.Release();
        }
    }

    /// <summary>Runs a script to its end and gives its output; fails with the output where the script fails.</summary>
    public static async Task<string> RunAsync(string folder, string script, params string[] arguments)
    {
        (int status, string output) = await StartAsync("node", folder, [script, .. arguments]);
        Assert.True(status == 0, output);
        return output;
    }

    private static async Task<(int Status, string Output)> StartAsync(string program, string folder, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = Folder(folder),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
            StandardErrorEncoding = System.Text.Encoding.UTF8,
        };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, await output + await error);
        }
        catch (Win32Exception missing)
        {
            return (-1, missing.Message);
        }
    }

    private static string Folder(string name) => Checkout.PathOf("tests", "QwenSharp.Server.Tests", name);
}
