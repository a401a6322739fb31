using System.Buffers;
using System.Diagnostics;
using System.Threading.Channels;

namespace QwenSharp.Engine;

/// <summary>
/// Brings a prefix cache back when an engine is made, and saves it when the engine ends and now and then in between. The engine's loop then
/// copies a few blocks between two steps, and another thread brings them to the disk: no step waits for that.
/// </summary>
internal sealed class PrefixSaver
{
    // Blocks that were copied and are not written yet, and bytes that are copied at a time: about a millisecond's.
    private const int MostWaiting = 3;
    private const int Portion = 1 << 20;

    private const double BytesPerSecond = 4 << 20;

    // Even so the engine may have something to do at that moment for ever.
    private const int PatienceWithWork = 2;

    private static readonly TimeSpan LongestRest = TimeSpan.FromHours(1);

    private readonly MemoryPool _pool;
    private readonly PrefixFile _file;
    private readonly Action _wake;
    private readonly string _identity;
    private Save? _save;
    private long _saved;
    private long _lastBegin = Stopwatch.GetTimestamp();
    private long _lastLength;

    /// <summary>Reads what is there into an empty pool.</summary>
    /// <param name="pool">Whose prefixes they are; it keeps such.</param>
    /// <param name="file">Where they are saved.</param>
    /// <param name="wake">Has the loop call <see cref="Advance"/> again; from any thread.</param>
    /// <exception cref="IOException">The folder is not there.</exception>
    public PrefixSaver(MemoryPool pool, PrefixFile file, Action wake)
    {
        (_pool, _file, _wake) = (pool, file, wake);
        _identity = PrefixIdentity.Of(pool.Runner, file.Model);
        PrefixWriter.CleanUp(file.Path);
        PrefixReader.Read(pool, file, _identity);
        _saved = pool.Prefixes!.Changes;
    }

    /// <summary>How long the loop may rest where it has nothing to do, before it calls <see cref="Advance"/> again.</summary>
    public TimeSpan Rest
    {
        get
        {
            if (_save is not null || !HasChanged || _file.Interval == Timeout.InfiniteTimeSpan)
                return Timeout.InfiniteTimeSpan;

            TimeSpan rest = Interval - Stopwatch.GetElapsedTime(_lastBegin);
            return rest < TimeSpan.Zero ? TimeSpan.Zero : rest > LongestRest ? LongestRest : rest;
        }
    }

    private bool HasChanged => _pool.Prefixes!.Changes != _saved;

    private TimeSpan Interval => TimeSpan.FromSeconds(Math.Max(_file.Interval.TotalSeconds, _lastLength / BytesPerSecond));

    /// <summary>Called between two steps: goes on with a save, or begins one when it is time.</summary>
    /// <param name="isBusy">Whether sequences are on their way.</param>
    public void Advance(bool isBusy)
    {
        if (_save is null)
        {
            if (!HasChanged
                || _file.Interval == Timeout.InfiniteTimeSpan
                || Stopwatch.GetElapsedTime(_lastBegin) < Interval * (isBusy ? PatienceWithWork : 1))
            {
                return;
            }

            _save = new Save(new PrefixSnapshot(_pool, _file), _file, _identity, _wake);
            _lastBegin = Stopwatch.GetTimestamp();
        }

        _save.Feed();
        if (_save.Writing.IsCompleted)
            Settle(_save);
    }

    /// <summary>Ends the save that is under way, and saves what there is now, unless that is done.</summary>
    /// <param name="saves">Whether to; not where what is in memory may be half done.</param>
    public void End(bool saves)
    {
        if (_save is { } save)
        {
            save.Cancel();
            Settle(save);
        }

        if (!saves || !HasChanged)
            return;

        PrefixSnapshot snapshot = new(_pool, _file);
        if (snapshot.IsEmpty)
            return;

        try
        {
            using PrefixWriter writer = new(_file, _identity);
            while (snapshot.TryNext(out PrefixRecord record))
                Write(writer, record);

            writer.Commit();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Tell(fault);
        }
    }

    private static void Write(PrefixWriter writer, PrefixRecord record)
    {
        try
        {
            writer.Write(record);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(record.Payload);
        }
    }

    private void Settle(Save save)
    {
        _save = null;
        try
        {
            _lastLength = save.Writing.GetAwaiter().GetResult();
            _saved = save.Changes;
        }
        catch (OperationCanceledException)
        {
            // What there is now is saved in its place.
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Tell(fault);
        }
    }

    private void Tell(Exception fault) => _file.Notice?.Invoke(
        $"The prefix cache could not be saved in {_file.Path}, where what was saved before stays: {fault.Message}");

    /// <summary>A save that is under way.</summary>
    private sealed class Save
    {
        private readonly PrefixSnapshot _snapshot;
        private readonly Channel<PrefixRecord> _copied =
            Channel.CreateUnbounded<PrefixRecord>(new UnboundedChannelOptions { SingleWriter = true });
        private readonly CancellationTokenSource _cancelled = new();
        private bool _isComplete;

        public Save(PrefixSnapshot snapshot, PrefixFile file, string identity, Action wake)
        {
            _snapshot = snapshot;
            Writing = Task.Run(() => WriteAsync(file, identity, wake));
            Writing.ContinueWith(_ => wake(), TaskScheduler.Default);
        }

        /// <summary>The count of changes that it holds.</summary>
        public long Changes => _snapshot.Changes;

        /// <summary>Ends with the file's length once it is in its place.</summary>
        public Task<long> Writing { get; }

        /// <summary>Copies what may be copied now.</summary>
        public void Feed()
        {
            for (int taken = 0; !_isComplete && taken < Portion && _copied.Reader.Count < MostWaiting;)
            {
                if (_snapshot.TryNext(out PrefixRecord record))
                {
                    taken += record.Head.Length;
                    _copied.Writer.TryWrite(record);
                }
                else
                {
                    _isComplete = true;
                    _copied.Writer.Complete();
                }
            }
        }

        /// <summary>Gives up; <see cref="Writing"/> ends soon.</summary>
        public void Cancel() => _cancelled.Cancel();

        private async Task<long> WriteAsync(PrefixFile file, string identity, Action wake)
        {
            using PrefixWriter writer = new(file, identity);
            await foreach (PrefixRecord record in _copied.Reader.ReadAllAsync(_cancelled.Token).ConfigureAwait(false))
            {
                Write(writer, record);
                wake();
            }

            writer.Commit();
            return writer.Length;
        }
    }
}
