using System.Collections.Concurrent;
using QwenSharp.Server.Models;
using QwenSharp.Server.Tests.Scripted;

namespace QwenSharp.Server.Tests.Catalog;

/// <summary>Loads models that only echo, as many at once as there is room for, and keeps watch.</summary>
internal sealed class StubLoader : IModelLoader
{
    private readonly Lock _gate = new();
    private readonly List<string> _loaded = [];
    private int _loading;

    /// <summary>How many models have room.</summary>
    public int Room { get; set; } = int.MaxValue;

    /// <summary>Whether the lack of room shows before a load or only in it.</summary>
    public bool Foresees { get; set; } = true;

    /// <summary>Called in a load; may block, or throw.</summary>
    public Action<string> OnLoad { get; set; } = _ => { };

    /// <summary>Called before a model is gone.</summary>
    public Func<string, Task> OnUnload { get; set; } = _ => Task.CompletedTask;

    /// <summary>Called once a model is gone; may throw.</summary>
    public Action OnUnloaded { get; set; } = () => { };

    /// <summary>All loads, in their order.</summary>
    public ConcurrentQueue<string> Loads { get; } = [];

    /// <summary>The models that are loaded.</summary>
    public IReadOnlyList<string> Loaded
    {
        get
        {
            lock (_gate)
                return [.. _loaded.Order()];
        }
    }

    /// <summary>The most loads that ever ran at once.</summary>
    public int MostAtOnce { get; private set; }

    public bool HasRoomFor(ModelDescription model)
    {
        lock (_gate)
            return !Foresees || _loaded.Count < Room;
    }

    public LiveModel Load(ModelDescription model)
    {
        string name = Path.GetFileNameWithoutExtension(model.Path!);
        Loads.Enqueue(name);
        lock (_gate)
            MostAtOnce = Math.Max(MostAtOnce, ++_loading);

        try
        {
            OnLoad(name);
            lock (_gate)
            {
                if (_loaded.Count >= Room)
                    throw new NoRoomException("There are no bytes left.");

                Assert.DoesNotContain(name, _loaded);
                _loaded.Add(name);
            }
        }
        finally
        {
            lock (_gate)
                _loading--;
        }

        string id = model.Options.Id ?? name;
        ServedModel served = new(id, DateTimeOffset.UnixEpoch, new ScriptedChat(Scripts.Echo), new ScriptedText(Scripts.Echo));
        return new LiveModel([served], [], async () =>
        {
            await OnUnload(name);
            lock (_gate)
                _loaded.Remove(name);

            OnUnloaded();
        });
    }
}
