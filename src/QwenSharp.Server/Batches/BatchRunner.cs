using System.Collections.Concurrent;
using QwenSharp.Server.Callers;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;
using QwenSharp.Server.State;

namespace QwenSharp.Server.Batches;

/// <summary>
/// Answers the lines of batches in the background, in the low class of priority. While nobody else is served, a few lines are answered at
/// once; else half as many as there are requests of others, and always one: they yield, and never starve. Batches take turns line by line.
/// What was going on when the server ended is gone on with when it starts again; lines that had no result yet are asked again.
/// </summary>
internal sealed partial class BatchRunner(
    ServerState state, ModelCatalog models, IServiceProvider services, ILogger log) : IAsyncDisposable
{
    private const int LinesAtOnce = 8;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, IBatchForm> _forms = [];
    private readonly ConcurrentDictionary<string, RunningBatch> _running = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly SemaphoreSlim _wake = new(0);
    private Task _loop = Task.CompletedTask;
    private int _lines;

    /// <summary>The batches.</summary>
    public BatchStore Batches { get; } = new(state.Database);

    /// <summary>The files.</summary>
    public FileStore Files { get; } = new(state.Database);

    /// <inheritdoc cref="CallerContext.Owner"/>
    public string Owner => models.Callers.Owner;

    /// <inheritdoc cref="CallerContext.Seen"/>
    public string? Seen => models.Callers.Seen;

    /// <summary>Adds a dialect's form, before the start.</summary>
    public void Add(IBatchForm form) => _forms.Add(form.Name, form);

    /// <summary>Goes on with what there is to do.</summary>
    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>There is something new to do.</summary>
    public void Wake() => _wake.Release();

    /// <exception cref="HttpFault">403: the current request's key was not made for files and batches.</exception>
    public void Require() => models.Callers.Current?.Require(Scopes.Files);

    /// <summary>Stops: lines that are being answered have no result, and will be asked again.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        await Task.WhenAll(_running.Values.SelectMany(batch => batch.Lines.Values)).ConfigureAwait(false);
        _ended.Dispose();
        _wake.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_ended.IsCancellationRequested)
        {
            bool active = true;
            try
            {
                active = await StepAsync(_ended.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_ended.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                // The database may be away for a while.
                Log.Failed(log, fault);
                await Task.Delay(Pause, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            try
            {
                await _wake.WaitAsync(active ? Pause : Timeout.InfiniteTimeSpan, _ended.Token).ConfigureAwait(false);
                while (_wake.CurrentCount > 0)
                    await _wake.WaitAsync(_ended.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Does what can be done now.</summary>
    /// <returns>Whether any batch goes on.</returns>
    private async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        List<Batch> open = [];
        foreach (Batch batch in await Batches.ActiveAsync(cancellationToken).ConfigureAwait(false))
        {
            IBatchForm form = _forms[batch.Form];
            RunningBatch running = _running.GetOrAdd(batch.Id, _ => new RunningBatch());
            bool expired = batch.Expires <= DateTimeOffset.UtcNow;
            if (batch.Status == BatchStatus.Cancelling || expired)
            {
                await running.Cancelled.CancelAsync().ConfigureAwait(false);
                if (running.Lines.IsEmpty)
                    await EndAsync(batch, expired ? BatchStatus.Expired : BatchStatus.Cancelled, form).ConfigureAwait(false);
            }
            else if (batch.Status == BatchStatus.Validating)
            {
                await ValidateAsync(batch, form, cancellationToken).ConfigureAwait(false);
                open.Add(batch);
            }
            else
            {
                open.Add(batch);
            }
        }

        await FillAsync(open, cancellationToken).ConfigureAwait(false);
        return !_running.IsEmpty;
    }

    private async Task ValidateAsync(Batch batch, IBatchForm form, CancellationToken cancellationToken)
    {
        using MemoryStream content = new();
        bool there = await Files.FindAsync(batch.InputFile!, owner: null, cancellationToken).ConfigureAwait(false) is not null;
        await foreach (byte[] part in Files.ContentAsync(batch.InputFile!, cancellationToken).ConfigureAwait(false))
            content.Write(part);

        (IReadOnlyList<BatchLine> lines, string? errors) = form.Read(batch, there ? content.ToArray() : null);
        if (errors is null)
        {
            await Batches.BeginAsync(batch.Id, lines, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await Batches.FailAsync(batch.Id, errors, cancellationToken).ConfigureAwait(false);
            _running.TryRemove(batch.Id, out _);
        }
    }

    /// <summary>Begins lines, of each batch in turn, as many as there is room for.</summary>
    private async Task FillAsync(IReadOnlyList<Batch> open, CancellationToken cancellationToken)
    {
        int room = Room() - Volatile.Read(ref _lines);
        List<(Batch Batch, RunningBatch Running, Queue<BatchLine> Waiting)> queues = [];
        foreach (Batch batch in open)
        {
            if (!_running.TryGetValue(batch.Id, out RunningBatch? running))
                continue;

            // Lines that are being answered are among the first that have no result. Which those are is looked at before the state is, lest
            // one that ends in between be begun again.
            HashSet<long> begun = [.. running.Lines.Keys];
            IReadOnlyList<BatchLine> pending = await Batches
                .PendingAsync(batch.Id, Math.Max(room, 0) + begun.Count + 1, cancellationToken).ConfigureAwait(false);
            if (pending.Count == 0 && begun.Count == 0)
                await FinishAsync(batch.Id, cancellationToken).ConfigureAwait(false);

            queues.Add((batch, running, new Queue<BatchLine>(pending.Where(line => !begun.Contains(line.Number)))));
        }

        for (bool any = true; any && room > 0;)
        {
            any = false;
            foreach ((Batch batch, RunningBatch running, Queue<BatchLine> waiting) in queues)
            {
                if (room == 0 || !waiting.TryDequeue(out BatchLine? line))
                    continue;

                any = true;
                room--;
                Interlocked.Increment(ref _lines);
                TaskCompletionSource begin = new(TaskCreationOptions.RunContinuationsAsynchronously);
                running.Lines[line.Number] = AnswerAsync(batch, running, line, begin.Task);
                begin.SetResult();
            }
        }
    }

    private int Room() => models.Interactive is > 0 and var others ? Math.Clamp(others / 2, 1, LinesAtOnce) : LinesAtOnce;

    private async Task FinishAsync(string id, CancellationToken cancellationToken)
    {
        // It may have been cancelled, or begun, since it was looked at.
        if (await Batches.FindAsync(id, owner: null, cancellationToken).ConfigureAwait(false)
            is not { Status: BatchStatus.InProgress or BatchStatus.Finalizing, Counts.Pending: 0 } batch)
        {
            return;
        }

        await Batches.FinalizeAsync(id, cancellationToken).ConfigureAwait(false);
        await EndAsync(batch, BatchStatus.Completed, _forms[batch.Form]).ConfigureAwait(false);
    }

    private async Task EndAsync(Batch batch, BatchStatus end, IBatchForm form)
    {
        await Batches.EndAsync(batch, end, form, CancellationToken.None).ConfigureAwait(false);
        if (_running.TryRemove(batch.Id, out RunningBatch? running))
            running.Cancelled.Dispose();
    }

    private async Task AnswerAsync(Batch batch, RunningBatch running, BatchLine line, Task begin)
    {
        await begin.ConfigureAwait(false);
        try
        {
            using CancellationTokenSource work =
                CancellationTokenSource.CreateLinkedTokenSource(_ended.Token, running.Cancelled.Token);
            IBatchForm form = _forms[batch.Form];
            InnerReply reply = await AskAsync(batch, form, line, work.Token).ConfigureAwait(false);
            LineState result = reply.Status == StatusCodes.Status200OK ? LineState.Succeeded : LineState.Errored;
            await Batches
                .RecordAsync(batch.Id, line.Number, result, form.Word(line, result, reply), CancellationToken.None).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It has no result: it is asked again, or its batch ends without it.
        }
        catch (Exception fault)
        {
            Log.Failed(log, fault);
            await Task.Delay(Pause, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            running.Lines.TryRemove(line.Number, out _);
            Interlocked.Decrement(ref _lines);
            if (!_ended.IsCancellationRequested)
                Wake();
        }
    }

    private async Task<InnerReply> AskAsync(Batch batch, IBatchForm form, BatchLine line, CancellationToken cancellationToken)
    {
        models.Callers.InBatch = true;
        if (batch.Owner.Length > 0)
        {
            models.Callers.Current = await state.Keys.HolderAsync(batch.Owner, cancellationToken).ConfigureAwait(false) is { } caller
                ? caller with { InBatch = true }
                : null;
            if (models.Callers.Current?.Key is not { Revoked: null })
                return Gone(form, batch.Owner);
        }

        while (true)
        {
            InnerReply reply = await InnerReply
                .AskAsync(form.Dialect, form.EndpointOf(batch.Endpoint), line.Body, services, cancellationToken).ConfigureAwait(false);
            if (reply.Fault?.Kind == HttpFaultKind.ShuttingDown)
                throw new OperationCanceledException();
            if (reply.Fault?.Kind is not (HttpFaultKind.Busy or HttpFaultKind.NoRoom))
                return reply;

            // Who has all day comes back when there is room.
            await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private static InnerReply Gone(IBatchForm form, string key)
    {
        HttpFault fault = new(StatusCodes.Status401Unauthorized, HttpFaultKind.Key, $"The API key {key} of this batch was revoked.");
        System.Buffers.ArrayBufferWriter<byte> words = new();
        form.Dialect.WriteFault(fault, words);
        return new InnerReply(fault.Status, $"req_{Guid.NewGuid():N}", words.WrittenSpan.ToArray(), fault);
    }

    private sealed class RunningBatch
    {
        public CancellationTokenSource Cancelled { get; } = new();

        public ConcurrentDictionary<long, Task> Lines { get; } = [];
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Batches could not be gone on with.")]
        public static partial void Failed(ILogger logger, Exception fault);
    }
}
