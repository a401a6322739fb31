using QwenSharp.Server.State;

namespace QwenSharp.Server.Callers;

/// <summary>Gathers what keys use, and writes it down every second: a server that is killed forgets one second of it.</summary>
internal sealed partial class UsageLedger(ApiKeyStore store, TimeProvider time, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _writing = new(1);
    private Dictionary<(string Key, DateOnly Day, string Model), KeyUsage> _gathered = [];
    private bool _scheduled;

    /// <summary>Adds to what a key has used of a model today.</summary>
    public void Add(string key, string model, long requests, long prompt, long cached, long completion)
    {
        DateOnly day = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        lock (_gate)
        {
            KeyUsage sum = _gathered.GetValueOrDefault((key, day, model)) ?? new KeyUsage(key, day, model, 0, 0, 0, 0);
            _gathered[(key, day, model)] = sum with
            {
                Requests = sum.Requests + requests,
                PromptTokens = sum.PromptTokens + prompt,
                CachedTokens = sum.CachedTokens + cached,
                CompletionTokens = sum.CompletionTokens + completion,
            };
            if (_scheduled)
                return;

            _scheduled = true;
        }

        _ = Task.Run(async () =>
        {
            await Task.Delay(Pause, time).ConfigureAwait(false);
            await WriteAsync().ConfigureAwait(false);
        });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await WriteAsync().ConfigureAwait(false);

    private async Task WriteAsync()
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            IReadOnlyList<KeyUsage> usage;
            lock (_gate)
            {
                _scheduled = false;
                usage = [.. _gathered.Values];
                _gathered = [];
            }

            if (usage.Count > 0)
                await store.AddAsync(usage, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            Log.Lost(log, fault);
        }
        finally
        {
            _writing.Release();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "What keys have used could not be written down.")]
        public static partial void Lost(ILogger logger, Exception fault);
    }
}
