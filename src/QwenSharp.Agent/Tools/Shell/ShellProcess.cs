using System.Diagnostics;
using QwenSharp.Agent.Sandboxes;

namespace QwenSharp.Agent.Tools.Shell;

/// <summary>A command that a shell runs, with all that it starts: they end together.</summary>
internal sealed class ShellProcess : IAsyncDisposable
{
    // What is left running behind a command holds its output open, so that it has no end before that was ended as well.
    private static readonly TimeSpan Afterwards = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LastOutput = TimeSpan.FromSeconds(5);

    private static readonly string? GroupMaker = Programs.Find("setsid");
    private static readonly string ShellProgram = Programs.Find("bash") ?? Programs.Find("sh") ?? "bash";

    private readonly Process _process;
    private readonly Task _reading;

    private ShellProcess(Process process, Action<string> output)
    {
        _process = process;
        _reading = ReadAsync(process.StandardOutput, output);
    }

    /// <summary>Whether it still runs.</summary>
    public bool IsRunning => !_process.HasExited;

    /// <summary>Its exit code, once it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts a command. Its input is empty; what it prints as errors comes between the rest.</summary>
    /// <param name="command">As a shell takes it.</param>
    /// <param name="directory">Where it starts.</param>
    /// <param name="sandbox">What it runs in; null for nothing.</param>
    /// <param name="output">Takes what it prints, piece by piece.</param>
    /// <param name="environment">Variables beside those of the agent; null for none.</param>
    /// <exception cref="ToolException">There is no shell, or no such directory.</exception>
    public static ShellProcess Start(
        string command,
        string directory,
        Sandbox? sandbox,
        Action<string> output,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        IReadOnlyList<string> words = [ShellProgram, "-c", "exec \"$0\" -c \"$1\" 2>&1", ShellProgram, command];
        words = sandbox?.Wrap(words, directory) ?? words;
        words = GroupMaker is null ? words : [GroupMaker, .. words];
        ProcessStartInfo start = new(words[0])
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
        };
        foreach (string word in words.Skip(1))
            start.ArgumentList.Add(word);

        ShellEnvironment.Set(start.Environment, environment ?? new Dictionary<string, string>());
        try
        {
            Process process = Process.Start(start)!;
            process.StandardInput.Close();
            return new ShellProcess(process, output);
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new ToolException($"No shell can be started in {directory}: {missing.Message}");
        }
    }

    /// <summary>Waits for its end, and for what it printed.</summary>
    /// <returns>Whether something that it started went on; that has been ended.</returns>
    public async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        await Task.WhenAny(_reading, Task.Delay(Afterwards, CancellationToken.None)).ConfigureAwait(false);
        bool isLeft = await EndAsync().ConfigureAwait(false);
        await Task.WhenAny(_reading, Task.Delay(LastOutput, CancellationToken.None)).ConfigureAwait(false);
        return isLeft;
    }

    /// <summary>Ends it and all that it started.</summary>
    /// <returns>Whether something of it was left without it.</returns>
    public async Task<bool> EndAsync()
    {
        bool isLeft = false;
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);

        // Those that live on without a parent are still of its group.
        if (GroupMaker is not null)
        {
            ProcessStartInfo kill = new("/bin/sh", ["-c", $"kill -KILL -{_process.Id}"]) { RedirectStandardError = true };
            using Process end = Process.Start(kill)!;
            await end.WaitForExitAsync().ConfigureAwait(false);
            isLeft = end.ExitCode == 0;
        }

        await _process.WaitForExitAsync().ConfigureAwait(false);
        return isLeft;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        _process.Dispose();
    }

    private static async Task ReadAsync(StreamReader reader, Action<string> output)
    {
        char[] buffer = new char[4096];
        try
        {
            for (int read; (read = await reader.ReadAsync(buffer).ConfigureAwait(false)) > 0;)
                output(new string(buffer, 0, read));
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            // Nobody reads on.
        }
    }
}
