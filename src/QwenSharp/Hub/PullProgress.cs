namespace QwenSharp.Hub;

/// <summary>What is being done with a file.</summary>
public enum PullPhase
{
    /// <summary>Another process transfers it; this one waits.</summary>
    Waiting,

    /// <summary>Its bytes come in.</summary>
    Transferring,

    /// <summary>Its bytes are compared with its hash.</summary>
    Checking,
}

/// <summary>How far a pull is.</summary>
/// <param name="File">The file at hand, by its path in the repository.</param>
/// <param name="Phase">What is being done with it.</param>
/// <param name="Done">Bytes of it that are done.</param>
/// <param name="Total">Bytes that it has.</param>
public readonly record struct PullProgress(string File, PullPhase Phase, long Done, long Total);

/// <summary>Counts what several connections transfer of one file.</summary>
internal sealed class FileProgress(RepoFile file, IProgress<PullProgress>? listener)
{
    private long _done;
    private PullPhase _phase = PullPhase.Transferring;

    public void Wait() => Tell(PullPhase.Waiting, 0);

    public void Begin(long done) => Tell(PullPhase.Transferring, done);

    public void Check() => Tell(PullPhase.Checking, 0);

    public void Add(long bytes) => listener?.Report(new PullProgress(file.Path, _phase, Interlocked.Add(ref _done, bytes), file.Size));

    private void Tell(PullPhase phase, long done)
    {
        _phase = phase;
        Interlocked.Exchange(ref _done, done);
        Add(0);
    }
}
