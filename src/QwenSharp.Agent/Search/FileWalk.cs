using System.Collections.Concurrent;
using System.IO.Enumeration;

namespace QwenSharp.Agent.Search;

/// <summary>
/// All files below a directory that are not ignored, found and visited by all processors at once, in no order. Links are not followed,
/// and what is in <c>.git</c> is no one's file.
/// </summary>
internal static class FileWalk
{
    private const int BatchSize = 64;

    private static readonly EnumerationOptions Entries = new()
    {
        AttributesToSkip = FileAttributes.ReparsePoint,
        IgnoreInaccessible = true,
        RecurseSubdirectories = false,
    };

    /// <summary>Visits the files.</summary>
    /// <param name="directory">A full path. What ignores it does not count: it was asked for.</param>
    /// <param name="rules">What is ignored inside of it; null for nothing but <c>.git</c>.</param>
    /// <param name="respectsIgnoreFiles">Whether the ignore files that are found on the way count.</param>
    /// <param name="makeVisitor">Makes what one processor visits files with: full paths.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task VisitAsync(
        string directory,
        IgnoreRules? rules,
        bool respectsIgnoreFiles,
        Func<Action<string>> makeVisitor,
        CancellationToken cancellationToken)
    {
        using WorkList work = new();
        work.Add(new Work(directory, rules, null));
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(Worker, cancellationToken)))
            .ConfigureAwait(false);

        void Worker()
        {
            Action<string> visit = makeVisitor();
            while (work.Take(cancellationToken) is { } next)
            {
                try
                {
                    if (next.Files is { } files)
                        files.ForEach(visit);
                    else
                        Read(next, work, respectsIgnoreFiles);
                }
                catch
                {
                    work.Stop();
                    throw;
                }

                work.Finish();
            }
        }
    }

    private static void Read(Work of, WorkList work, bool respectsIgnoreFiles)
    {
        List<string> files = [], directories = [];
        bool hasRules = false;
        foreach ((string path, bool isDirectory) in Existing(of.Directory))
        {
            (isDirectory ? directories : files).Add(path);
            hasRules |= !isDirectory && path.EndsWith("ignore", StringComparison.Ordinal);
        }

        IgnoreRules? rules = respectsIgnoreFiles && hasRules ? IgnoreRules.In(of.Directory, of.Rules) : of.Rules;
        foreach (string path in directories)
        {
            if (!Path.GetFileName(path.AsSpan()).SequenceEqual(".git") && rules?.Ignores(path, isDirectory: true) != true)
                work.Add(new Work(path, rules, null));
        }

        if (rules is not null)
            files.RemoveAll(path => rules.Ignores(path, isDirectory: false));

        for (int i = 0; i < files.Count; i += BatchSize)
            work.Add(new Work(of.Directory, rules, files[i..Math.Min(i + BatchSize, files.Count)]));
    }

    private static IEnumerable<(string Path, bool IsDirectory)> Existing(string directory)
    {
        try
        {
            return new FileSystemEnumerable<(string, bool)>(
                directory, (ref FileSystemEntry entry) => (entry.ToFullPath(), entry.IsDirectory), Entries);
        }
        catch (DirectoryNotFoundException)
        {
            // It was deleted since it was found.
            return [];
        }
    }

    /// <summary>A directory to read, or some of its files to visit.</summary>
    private sealed record Work(string Directory, IgnoreRules? Rules, List<string>? Files);

    /// <summary>What is still to do; it ends for all who wait when nothing is left that could add to it.</summary>
    private sealed class WorkList : IDisposable
    {
        private readonly ConcurrentStack<Work> _open = new();
        private readonly SemaphoreSlim _added = new(0);
        private int _unfinished;

        public void Add(Work work)
        {
            Interlocked.Increment(ref _unfinished);
            _open.Push(work);
            _added.Release();
        }

        public Work? Take(CancellationToken cancellationToken)
        {
            _added.Wait(cancellationToken);
            return _open.TryPop(out Work? work) ? work : null;
        }

        public void Finish()
        {
            if (Interlocked.Decrement(ref _unfinished) == 0)
                Stop();
        }

        public void Stop()
        {
            _open.Clear();
            _added.Release(Environment.ProcessorCount);
        }

        public void Dispose() => _added.Dispose();
    }
}
