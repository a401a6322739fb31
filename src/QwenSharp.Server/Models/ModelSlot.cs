namespace QwenSharp.Server.Models;

/// <summary>The live state of a model. The catalog's gate guards it.</summary>
internal sealed class ModelSlot(ModelDescription description)
{
    // Longer than a timer counts is for ever.
    private static readonly TimeSpan LongestRest = TimeSpan.FromDays(40);

    private TaskCompletionSource? _idle;
    private ITimer? _timer;

    public ModelDescription Description => description;

    /// <summary>Leases, and those who wait for one.</summary>
    public int Holders { get; private set; }

    /// <summary>The load that is under way or has been done; null where nobody asked since the last one ended.</summary>
    public Task<LiveModel>? Loading { get; set; }

    /// <summary>The model, once it is loaded.</summary>
    public LiveModel? Live { get; set; }

    /// <summary>The end of the model that was here before.</summary>
    public Task Unloading { get; set; } = Task.CompletedTask;

    /// <summary>When it was last asked for, by a count that goes up.</summary>
    public long LastUse { get; private set; }

    /// <summary>How long it stays once nobody uses it; infinite for ever.</summary>
    public TimeSpan KeepAlive { get; set; }

    /// <summary>When it goes if nobody asks for it before; null while somebody uses it, or for ever.</summary>
    public DateTimeOffset? Expires { get; private set; }

    /// <summary>Counts the times for which nobody used it, and their ends.</summary>
    public long Rests { get; private set; }

    /// <summary>Whether it could be unloaded now to make room.</summary>
    public bool IsIdle => Live is not null && Holders == 0 && !description.Stays;

    public void Hold(long use)
    {
        Holders++;
        LastUse = use;
        Wake();
    }

    /// <summary>Lets go of it; whether nobody holds it any more.</summary>
    public bool Release()
    {
        if (--Holders > 0)
            return false;

        BecomeIdle();
        return true;
    }

    /// <summary>Ends when nobody holds it, or its load has ended; the next look tells.</summary>
    public Task WhenIdle() => (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void BecomeIdle()
    {
        _idle?.TrySetResult();
        _idle = null;
    }

    /// <summary>Sets the time after which it goes.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="expired">Called then, elsewhere, with the number of this rest, as it may have ended meanwhile.</param>
    public void Rest(TimeProvider time, Action<ModelSlot, long> expired)
    {
        Wake();
        long rest = Rests;
        if (KeepAlive == Timeout.InfiniteTimeSpan || KeepAlive > LongestRest)
            return;

        Expires = time.GetUtcNow() + KeepAlive;
        _timer = time.CreateTimer(_ => expired(this, rest), null, KeepAlive, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Stops the time after which it goes.</summary>
    public void Wake()
    {
        Rests++;
        _timer?.Dispose();
        _timer = null;
        Expires = null;
    }
}
