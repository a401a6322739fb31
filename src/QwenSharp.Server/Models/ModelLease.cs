namespace QwenSharp.Server.Models;

/// <summary>A loaded model for as long as one request needs it: it is not unloaded before this is disposed.</summary>
/// <param name="entry">The name that was asked for.</param>
/// <param name="model">The model.</param>
/// <param name="loading">How long the request waited for it.</param>
/// <param name="keep">Says how long the model stays once nobody uses it.</param>
/// <param name="release">Lets go of it.</param>
internal sealed class ModelLease(ModelEntry entry, ServedModel model, TimeSpan loading, Action<TimeSpan> keep, Action release) : IDisposable
{
    private int _released;

    /// <summary>The name that was asked for, and what it stands for.</summary>
    public ModelEntry Entry => entry;

    /// <summary>The model.</summary>
    public ServedModel Model => model;

    /// <summary>How long the request waited for the model to be loaded.</summary>
    public TimeSpan Loading => loading;

    /// <summary>Says how long the model stays once nobody uses it, from now on; infinite for ever. One that stays anyway, stays.</summary>
    public void Keep(TimeSpan time) => keep(time);

    /// <summary>The same lease of what is made of the model; it takes this one's place.</summary>
    public ModelLease Of(Func<ServedModel, ServedModel> made) => new(entry, made(model), loading, keep, release);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
            release();
    }
}
