using System.Diagnostics;
using System.Runtime.CompilerServices;
using QwenSharp.Faults;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>
/// Continues many sequences at once with one model. One loop on a thread of its own takes steps: schedule → forward → sample → deliver.
/// A sequence's tokens do not depend on what else is in its batches. Safe to use from several threads.
/// </summary>
public sealed class InferenceEngine : IAsyncDisposable
{
    private readonly ModelRunner _runner;
    private readonly Scheduler _scheduler;
    private readonly Sampler _sampler;
    private readonly PrefixSaver? _saver;
    private readonly List<(Sequence Sequence, GeneratedToken Token)> _chosen = [];
    private readonly List<(Sequence Sequence, Exception Error)> _failed = [];
    private readonly int _maxWaiting;
    private readonly Task _loop;
    private readonly ManualResetEventSlim _wake = new();
    private readonly Lock _gate = new();
    private EngineStatistics _counts;

    // Guarded by the gate.
    private readonly Queue<Sequence> _arrivals = new();
    private EngineStatistics _statistics;
    private bool _disposed;

    /// <summary>
    /// Allocates the KV cache, recurrent states and the scratch memory, reads the saved prefix cache, where there is one, and starts the
    /// loop.
    /// </summary>
    /// <param name="model">The weights; not owned.</param>
    /// <param name="options">Limits.</param>
    /// <exception cref="ArgumentException">A limit is out of range, or the KV cache cannot hold one sequence of the asked
    /// length.</exception>
    /// <exception cref="MemoryBudgetException">Others have not left enough of the machine's memory.</exception>
    /// <exception cref="IOException">The folder of the saved prefix cache is not there.</exception>
    public InferenceEngine(LanguageModel model, EngineOptions options)
    {
        options.Validate();
        using MachineResources resources = options.Resources?.Share() ?? new MachineResources(options.Threads);
        KvCapacity capacity = KvCapacity.Plan(model, options, resources.Memory);
        ContextLength = capacity.ContextLength;
        _runner = new ModelRunner(model, new RunnerOptions
        {
            Resources = resources,
            Threads = options.Threads,
            Rows = options.MaxBatchTokens,
            LogitRows = options.MaxSequences,
            Sequences = options.MaxSequences,
            Blocks = capacity.Blocks,
            KeptStates = capacity.KeptStates,
            KvType = options.KvType,
        });
        MemoryPool memory = new(_runner, options.PrefixCache);
        try
        {
            _saver = options.PrefixFile is { } file ? new PrefixSaver(memory, file, _wake.Set) : null;
        }
        catch
        {
            _runner.Dispose();
            throw;
        }

        _scheduler = new Scheduler(options, memory);
        _maxWaiting = options.MaxWaiting;
        _sampler = new Sampler(model.Config.VocabularySize);
        _statistics = _counts = new EngineStatistics
        {
            KvBlocks = capacity.Blocks,
            FreeKvBlocks = capacity.Blocks,
            KeptKvBlocks = _scheduler.IdleBlocks,
        };
        _loop = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Positions that one sequence may have, prompt and answer together.</summary>
    public int ContextLength { get; }

    /// <summary>What the engine is doing, as of the last step.</summary>
    public EngineStatistics Statistics
    {
        get
        {
            lock (_gate)
                return _statistics with { Waiting = _statistics.Waiting + _arrivals.Count };
        }
    }

    /// <summary>
    /// Continues a prompt. The request is checked at once and queued when the enumeration begins; each token is delivered as it is chosen.
    /// Leaving the enumeration, or cancelling it, ends the sequence within one step.
    /// </summary>
    /// <param name="request">The prompt and how to continue it.</param>
    /// <param name="cancellationToken">Ends the sequence and the enumeration.</param>
    /// <returns>The tokens; the last one has a <see cref="GeneratedToken.Finish"/>.</returns>
    /// <exception cref="ArgumentException">The request cannot be honoured: the message and the parameter name the field.</exception>
    /// <exception cref="QueueFullException">Too many sequences wait already, also when the enumeration begins.</exception>
    /// <exception cref="OperationCanceledException">While enumerating: it was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The engine was disposed, also while enumerating.</exception>
    public IAsyncEnumerable<GeneratedToken> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        // The caller's array may change once it was checked.
        request = request with { Prompt = request.Prompt.ToArray() };
        int maxTokens = request.Validate(_runner.Model, ContextLength);
        RequireRoom(1);
        return Enumerate(request, maxTokens, OwnerOf(request, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Continues a prompt in several ways, as so many requests would of which choice i has the seed <see cref="SamplingOptions.Seed"/> + i,
    /// but computes the prompt once. All choices are queued when the first of them is enumerated. Leaving the enumeration of one ends that
    /// one; a choice that nobody enumerates is computed to its end.
    /// </summary>
    /// <param name="request">The prompt and how to continue it.</param>
    /// <param name="choices">How many answers; at least one.</param>
    /// <param name="cancellationToken">Ends all of them.</param>
    /// <returns>The tokens of each choice, to be enumerated once.</returns>
    /// <inheritdoc cref="GenerateAsync" path="/exception"/>
    public IReadOnlyList<IAsyncEnumerable<GeneratedToken>> GenerateChoices(
        GenerationRequest request, int choices, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(choices);
        request = request with { Prompt = request.Prompt.ToArray() };
        int maxTokens = request.Validate(_runner.Model, ContextLength);
        RequireRoom(choices);
        SharedPrompt? prompt = choices > 1 && request.Prompt.Length > 1 ? new SharedPrompt(request.Prompt.Length, choices) : null;
        object owner = OwnerOf(request, cancellationToken) ?? new object();
        Lazy<Sequence[]> sequences = new(() =>
        {
            Sequence[] all = [.. Enumerable.Range(0, choices).Select(choice => new Sequence(
                request with { Sampling = request.Sampling with { Seed = request.Sampling.Seed + (ulong)choice } },
                maxTokens,
                cancellationToken,
                prompt,
                owner))];
            Enqueue(all);
            return all;
        });
        return [.. Enumerable.Range(0, choices).Select(choice => Enumerate(sequences, choice, cancellationToken))];
    }

    /// <summary>
    /// Ends every sequence with <see cref="ObjectDisposedException"/>, waits for the loop, and saves the prefix cache where it has a file;
    /// the model stays.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _disposed = true;
            _wake.Set();
        }

        await _loop.ConfigureAwait(false);
    }

    private async IAsyncEnumerable<GeneratedToken> Enumerate(
        GenerationRequest request, int maxTokens, object? owner, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Sequence sequence = new(request, maxTokens, cancellationToken, owner: owner);
        Enqueue(sequence);
        try
        {
            await foreach (GeneratedToken token in sequence.Answer.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return token;
        }
        finally
        {
            sequence.Abandon();
        }
    }

    private static async IAsyncEnumerable<GeneratedToken> Enumerate(
        Lazy<Sequence[]> sequences, int choice, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Sequence sequence = sequences.Value[choice];
        if (!sequence.TryRead())
            throw new InvalidOperationException($"Choice {choice} was enumerated already.");

        using CancellationTokenRegistration leaving = cancellationToken.UnsafeRegister(
            static left => ((Sequence)left!).Abandon(), sequence);
        try
        {
            await foreach (GeneratedToken token in sequence.Answer.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return token;
        }
        finally
        {
            sequence.Abandon();
        }
    }

    private static object? OwnerOf(GenerationRequest request, CancellationToken cancellationToken) =>
        request.Owner ?? (cancellationToken.CanBeCanceled ? (object)cancellationToken : null);

    private void Enqueue(params ReadOnlySpan<Sequence> sequences)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            RequireRoom(sequences.Length);
            foreach (Sequence sequence in sequences)
                _arrivals.Enqueue(sequence);

            _wake.Set();
        }
    }

    private void RequireRoom(int sequences)
    {
        lock (_gate)
        {
            int waiting = _statistics.Waiting + _arrivals.Count;
            if (sequences > _maxWaiting - waiting)
                throw new QueueFullException(sequences, waiting, _maxWaiting);
        }
    }

    private void Run()
    {
        Exception end = new ObjectDisposedException(nameof(InferenceEngine), "The engine was disposed before the answer was complete.");
        bool isWhole = true;
        try
        {
            while (TakeArrivals())
            {
                bool isBusy = _scheduler.HasWork;
                if (isBusy)
                    Step();

                _saver?.Advance(isBusy);
                if (!isBusy)
                    _wake.Wait(_saver?.Rest ?? Timeout.InfiniteTimeSpan);
            }
        }
        catch (Exception fault)
        {
            // Nobody may be left waiting for a loop that has ended.
            end = new InvalidOperationException("The engine failed and takes no more requests: " + fault.Message, fault);
            lock (_gate)
                _disposed = true;
            TakeArrivals();
            isWhole = false;
        }

        while (_scheduler.First is { } sequence)
            Fail(sequence, end);

        Publish();
        Deliver();
        try
        {
            _saver?.End(saves: isWhole);
        }
        finally
        {
            _runner.Dispose();
        }
    }

    /// <summary>Queues what came; false once the engine is to end.</summary>
    private bool TakeArrivals()
    {
        lock (_gate)
        {
            _wake.Reset();
            while (_arrivals.TryDequeue(out Sequence? sequence))
                _scheduler.Enqueue(sequence);

            _statistics = _statistics with { Waiting = _scheduler.Waiting };
            return !_disposed;
        }
    }

    private void Step()
    {
        while (_scheduler.FirstCancelled() is { } sequence)
            Fail(sequence, sequence.Cancellation());

        _scheduler.Schedule(_runner.Batch);
        if (_runner.Batch.Rows > 0 && TryForward())
        {
            Sample();
            _scheduler.Commit();
        }

        // Whoever sees an answer end also sees its blocks free.
        Publish();
        Deliver();
    }

    private bool TryForward()
    {
        try
        {
            long begin = Stopwatch.GetTimestamp();
            _runner.Forward();
            _scheduler.Pace.Observe(
                _scheduler.Decoding, _runner.Batch.Rows - _scheduler.Decoding, Stopwatch.GetElapsedTime(begin).TotalSeconds);
            _counts = _counts with
            {
                Steps = _counts.Steps + 1,
                PrefillTokens = _counts.PrefillTokens + _runner.Batch.Rows - _scheduler.Decoding,
            };
            return true;
        }
        catch (Exception fault)
        {
            foreach (Sequence sequence in _scheduler.Scheduled)
                Fail(sequence, fault);

            return false;
        }
    }

    private void Sample()
    {
        for (int row = 0; row < _scheduler.Sampled.Count; row++)
        {
            Sequence sequence = _scheduler.Sampled[row];
            try
            {
                GeneratedToken token = _sampler.Sample(
                    _runner.Logits.Row(row),
                    sequence.Sampling,
                    sequence.Constraint,
                    sequence.Logprobs,
                    sequence.TopLogprobs);
                Choose(sequence, token with { Reuse = sequence.Reuse });
                sequence.Reuse = null;
                Force(sequence);
            }
            catch (Exception fault)
            {
                Fail(sequence, fault);
            }
        }
    }

    private void Choose(Sequence sequence, GeneratedToken token)
    {
        token = token with { Finish = sequence.Append(token.Id), IsInForm = sequence.Constraint?.IsInForm ?? false };
        sequence.IsFinished = token.Finish is not null;
        _chosen.Add((sequence, token));
    }

    // Tokens of which there is no choice are computed together with the next one of which there is. Their logits are not, and so none
    // are forced where log-probabilities are wanted.
    private void Force(Sequence sequence)
    {
        if (sequence.Constraint is not { } constraint || sequence.Logprobs)
            return;

        for (int forced = 1; forced < Sequence.MostForced && !sequence.IsFinished && constraint.Forced is [int token, ..]; forced++)
            Choose(sequence, new GeneratedToken(token, float.NaN, default, null));
    }

    private void Fail(Sequence sequence, Exception error)
    {
        _scheduler.Remove(sequence);
        _failed.Add((sequence, error));
    }

    private void Publish()
    {
        int completed = 0, cancelled = 0;
        foreach ((_, GeneratedToken token) in _chosen)
            completed += token.Finish is null ? 0 : 1;
        foreach ((_, Exception error) in _failed)
            cancelled += error is OperationCanceledException ? 1 : 0;

        _counts = _counts with
        {
            GeneratedTokens = _counts.GeneratedTokens + _chosen.Count,
            Completed = _counts.Completed + completed,
            Cancelled = _counts.Cancelled + cancelled,
            Failed = _counts.Failed + _failed.Count - cancelled,
            Waiting = _scheduler.Waiting,
            Running = _scheduler.Running,
            FreeKvBlocks = _scheduler.FreeBlocks,
            KeptKvBlocks = _scheduler.IdleBlocks,
            ReusedTokens = _scheduler.ReusedTokens,
            Preemptions = _scheduler.Preemptions,
        };
        lock (_gate)
            _statistics = _counts;
    }

    private void Deliver()
    {
        foreach ((Sequence sequence, GeneratedToken token) in _chosen)
        {
            sequence.Answer.Writer.TryWrite(token);
            if (token.Finish is not null)
                sequence.Answer.Writer.Complete();
        }

        foreach ((Sequence sequence, Exception error) in _failed)
            sequence.Answer.Writer.Complete(error);

        _chosen.Clear();
        _failed.Clear();
    }
}
