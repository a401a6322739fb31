namespace QwenSharp.Agent.Tools;

/// <summary>The commands that run in the background of a session.</summary>
public sealed class BackgroundCommands : IAsyncDisposable
{
    /// <summary>Ends those that still run.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
