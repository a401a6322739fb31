using System.Collections.Concurrent;

namespace QwenSharp.Agent.Tools.Shell;

/// <summary>The commands that run in the background of a session.</summary>
public sealed class BackgroundCommands : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, BackgroundCommand> _commands = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);
    private int _last;

    /// <summary>Starts a command.</summary>
    /// <param name="directory">Where its output goes into a file.</param>
    /// <param name="start">Starts it with something that takes what it prints.</param>
    internal BackgroundCommand Start(string directory, Func<Action<string>, ShellProcess> start)
    {
        Directory.CreateDirectory(directory);
        string id = $"b{Interlocked.Increment(ref _last)}";
        return _commands[id] = new BackgroundCommand(id, Path.Join(directory, $"{id}-{Path.GetRandomFileName()}.txt"), start);
    }

    /// <summary>Ends a command.</summary>
    /// <returns>Whether there is one of this name.</returns>
    internal async Task<bool> StopAsync(string id)
    {
        if (!_commands.TryRemove(id, out BackgroundCommand? command))
            return false;

        await command.DisposeAsync().ConfigureAwait(false);
        return true;
    }

    /// <summary>What the model has not been told yet of those that have ended, a line each.</summary>
    public IReadOnlyList<string> TakeEnded() =>
        [.. _commands.Values.Where(command => !command.IsRunning && _told.TryAdd(command.Id, true)).OrderBy(command => command.Id)
            .Select(command =>
                $"[The background command {command.Id} has ended with exit code {command.ExitCode}; output: {command.OutputPath}]")];

    /// <summary>The names of those that run.</summary>
    public IReadOnlyList<string> Running => [.. _commands.Values.Where(command => command.IsRunning).Select(command => command.Id).Order()];

    /// <summary>Ends those that still run.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (string id in _commands.Keys)
            await StopAsync(id).ConfigureAwait(false);
    }
}
