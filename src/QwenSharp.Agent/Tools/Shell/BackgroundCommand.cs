namespace QwenSharp.Agent.Tools.Shell;

/// <summary>A command that runs on while the model does other things.</summary>
internal sealed class BackgroundCommand : IAsyncDisposable
{
    /// <summary>What is printed beyond is not kept: a disk is not endless.</summary>
    private const long MostCharacters = 50_000_000;

    private readonly StreamWriter _file;
    private readonly ShellProcess _process;
    private long _written;

    /// <summary>Starts a command.</summary>
    /// <param name="id">What the model calls it.</param>
    /// <param name="outputPath">The file that what it prints goes into.</param>
    /// <param name="start">Starts it with something that takes what it prints.</param>
    public BackgroundCommand(string id, string outputPath, Func<Action<string>, ShellProcess> start)
    {
        (Id, OutputPath) = (id, outputPath);
        _file = new StreamWriter(new FileStream(outputPath, FileMode.Create, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        _process = start(Write);
    }

    /// <summary>What the model calls it.</summary>
    public string Id { get; }

    /// <summary>The file with what it prints.</summary>
    public string OutputPath { get; }

    /// <summary>Whether it still runs.</summary>
    public bool IsRunning => _process.IsRunning;

    /// <summary>Its exit code, once it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Ends it and all that it started.</summary>
    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync().ConfigureAwait(false);
        lock (_file)
            _file.Dispose();
    }

    private void Write(string piece)
    {
        lock (_file)
        {
            if (_written > MostCharacters || _file.BaseStream is not { CanWrite: true })
                return;

            _written += piece.Length;
            _file.Write(_written > MostCharacters ? "\n[what it prints further is not kept]\n" : piece);
        }
    }
}
