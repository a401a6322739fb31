using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Callers;
using QwenSharp.Server.Gateway;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.Models;

/// <summary>
/// The models of a server, by name: those that it starts with, which stay, and those of its library, which are loaded when somebody asks
/// for them and go when nobody has for a while, or when another needs their room. Who uses one holds a <see cref="ModelLease"/>.
/// Safe to use from several threads.
/// </summary>
/// <param name="loader">Brings models into memory, one at a time.</param>
/// <param name="library">What may be loaded when it is asked for; null for nothing.</param>
/// <param name="aliases">Names that stand for others.</param>
/// <param name="keepAlive">How long a model stays that nobody uses; infinite for ever.</param>
/// <param name="time">The clock of that.</param>
internal sealed class ModelCatalog(
    IModelLoader loader, ModelLibrary? library, ModelAliases aliases, TimeSpan keepAlive, TimeProvider time) : IAsyncDisposable
{
    private const int MostNamed = 20;

    private readonly Lock _gate = new();
    private int _interactive;
    private readonly SemaphoreSlim _oneLoad = new(1);
    private readonly CancellationTokenSource _ended = new();
    private readonly Dictionary<string, ModelEntry> _given = new(StringComparer.Ordinal);
    private readonly List<string> _repairs = [];
    private RoutedModels? _routed;

    // Guarded by the gate, as is what is in them.
    private readonly Dictionary<string, ModelSlot> _slots = [];
    private long _uses;

    /// <summary>Who asks for models.</summary>
    public CallerContext Callers { get; } = new();

    /// <summary>How many requests have a model, or wait for one, beside those of batches and of keys that are behind others.</summary>
    public int Interactive => Volatile.Read(ref _interactive);

    /// <summary>What may be loaded when it is asked for; null for nothing.</summary>
    public ModelLibrary? Library => library;

    /// <summary>The models that the server started with, under all their names.</summary>
    public IReadOnlyList<ModelEntry> Given => [.. _given.Values];

    /// <summary>What was read in the files of these as something else than they say; a sentence each, after the model's name.</summary>
    public IReadOnlyList<string> Repairs => _repairs;

    /// <summary>All models that a request may name, but for aliases.</summary>
    public IReadOnlyList<ModelEntry> All =>
    [
        .. _given.Values,
        .. _routed?.Routes ?? [],
        .. Created().Concat(library?.List() ?? []).Where(entry => !IsTaken(entry.Name)).DistinctBy(entry => entry.Name),
    ];

    /// <summary>The models that are loaded.</summary>
    public IReadOnlyList<LoadedModel> Loaded
    {
        get
        {
            ModelEntry[] all = [.. All];
            lock (_gate)
            {
                return
                [
                    .. from slot in _slots.Values
                       let live = slot.Live
                       let entry = all.FirstOrDefault(entry => entry.Description.Key == slot.Description.Key)
                       where live is not null && entry is not null
                       select new LoadedModel(entry, live.ContextLength, slot.Expires),
                ];
            }
        }
    }

    /// <summary>What the loaded models do at this moment, by their own names; those that show it.</summary>
    public IReadOnlyList<(string Model, ModelActivity Activity)> Activities
    {
        get
        {
            ServedModel[] served;
            lock (_gate)
                served = [.. _slots.Values.Select(slot => slot.Live?.Served[0]).OfType<ServedModel>()];

            return [.. served.Where(model => model.Activity is not null).Select(model => (model.Id, model.Activity!()))];
        }
    }

    /// <summary>The only route of a server that started with no models; null where there are none or several.</summary>
    public ModelEntry? OnlyRoute => _given.Count == 0 && _routed?.Routes is [var only] ? only : null;

    /// <summary>Takes in the names behind which several answer, or somebody elsewhere. To be called before any request.</summary>
    /// <exception cref="ArgumentException">A model has the name of a route.</exception>
    public void Join(RoutedModels routed)
    {
        if (routed.Routes.FirstOrDefault(route => _given.ContainsKey(route.Name)) is { } taken)
            throw new ArgumentException($"A model and a route are named '{taken.Name}'. Give one of them another name.", nameof(routed));

        _routed = routed;
    }

    /// <summary>Loads a model with which the server starts. To be called before any request.</summary>
    /// <exception cref="ArgumentException">Another model has one of its names.</exception>
    /// <exception cref="Exception">Whatever is wrong with it.</exception>
    public async Task StartAsync(ModelDescription model)
    {
        ModelSlot slot;
        Task<LiveModel> loading;
        lock (_gate)
        {
            slot = SlotOf(model);
            loading = slot.Loading = LoadAsync(slot);
        }

        try
        {
            Give(model, await loading.ConfigureAwait(false));
        }
        catch (NoRoomException fault) when (fault.InnerException is { } cause)
        {
            ExceptionDispatchInfo.Throw(cause);
        }
    }

    /// <summary>Takes over a model that runs already, with which the server starts.</summary>
    /// <exception cref="ArgumentException">Another model has one of its names.</exception>
    public void Start(LiveModel live)
    {
        ModelDescription model = new($"live:{live.Served[0].Id}", null, new QwenModelOptions(), Stays: true);
        lock (_gate)
        {
            ModelSlot slot = SlotOf(model);
            slot.Live = live;
            slot.Loading = Task.FromResult(live);
        }

        Give(model, live);
    }

    /// <summary>The name of the only model of a purpose that the server started with; null where there are none or several.</summary>
    public string? OnlyOf(ModelPurpose purpose) =>
        Started().Where(model => model.Purpose == purpose).ToArray() is [var only] ? only.Id : null;

    /// <summary>
    /// A model that the server started with where none is of a purpose, which refuses by what it is: to ask for a name would be of no
    /// help. Null where one is.
    /// </summary>
    public string? FirstOfOthers(ModelPurpose purpose)
    {
        ServedModel[] models = Started();
        return models.Any(model => model.Purpose == purpose) ? null : models.FirstOrDefault()?.Id;
    }

    private ServedModel[] Started()
    {
        lock (_gate)
        {
            return
            [
                .. _given.Values
                    .Select(entry => _slots[entry.Description.Key].Live!.Served.First(model => model.Id == entry.ServedId)),
            ];
        }
    }

    /// <summary>The model of a name, by an alias too; null for none.</summary>
    public ModelEntry? TryFind(string name) =>
        TryFindItself(name) ?? (aliases.Resolve(name) is { } meant ? TryFindItself(meant) : null);

    /// <summary>The model of a name that is its own, not an alias; null for none.</summary>
    public ModelEntry? TryFindItself(string name) => _given.GetValueOrDefault(name) ?? _routed?.Find(name) ?? TryFindHere(name);

    /// <summary>The route, or model of somebody else's, of a name, by an alias too; null for none.</summary>
    public ModelEntry? TryFindRouted(string name) =>
        _routed is null || _given.ContainsKey(name) ? null
        : _routed.Find(name) ?? (aliases.Resolve(name) is { } meant && !_given.ContainsKey(meant) ? _routed.Find(meant) : null);

    /// <summary>The model of this process of a name that is its own; null for none.</summary>
    public ModelEntry? TryFindHere(string name) =>
        _given.GetValueOrDefault(name)
        ?? (library?.Created?.Find(name) is { } created ? OfCreated(created) : null)
        ?? (library?.Find(name) is { } found ? Shared(found) : null);

    /// <summary>The model of a name, by an alias too.</summary>
    /// <exception cref="HttpFault">404: no model has this name, and no other is taken in its place.</exception>
    public ModelEntry Find(string name) => TryFind(name) ?? throw new HttpFault(
        StatusCodes.Status404NotFound,
        HttpFaultKind.UnknownModel,
        $"The model '{Excerpt.Of(name)}' does not exist. This server has: {Names()}.");

    /// <summary>Checks that every alias stands for a model.</summary>
    /// <exception cref="ArgumentException">One does not.</exception>
    public void CheckAliases()
    {
        foreach ((string alias, string meant) in aliases.All)
        {
            if (TryFindItself(meant) is null)
            {
                throw new ArgumentException(
                    $"The alias '{alias}' stands for '{meant}', which is no model of this server. There are: {Names()}.");
            }
        }
    }

    /// <summary>
    /// Loads a model, where it is not, and holds it. Who asks for one that is being loaded waits for the same load; one at a time is
    /// loaded.
    /// </summary>
    /// <param name="name">Its name; null for the only one, as clients of servers with one model ask.</param>
    /// <param name="cancellationToken">Stops waiting; a load that has begun goes on.</param>
    /// <exception cref="HttpFault">404: no model has this name. 500: it cannot be loaded. 503: it has no room.</exception>
    /// <exception cref="OptionException">None is named, and there are several.</exception>
    public Task<ModelLease> AcquireAsync(string? name, CancellationToken cancellationToken) =>
        AcquireAsync(name is null ? Only() : Find(name), cancellationToken);

    /// <inheritdoc cref="AcquireAsync(string?, CancellationToken)"/>
    public async Task<ModelLease> AcquireAsync(ModelEntry entry, CancellationToken cancellationToken)
    {
        Callers.Current?.Require(entry);
        return entry.Routed is { } routed
            ? new ModelLease(entry, OwnedModel.Of(routed, Callers), TimeSpan.Zero, _ => { }, () => { })
            : (await HoldAsync(entry, cancellationToken).ConfigureAwait(false)).Of(model => OwnedModel.Of(model, Callers));
    }

    /// <summary>As the other, for a route, whose caller's rights and usage are the route's.</summary>
    /// <inheritdoc cref="AcquireAsync(string?, CancellationToken)"/>
    public async Task<ModelLease> HoldAsync(ModelEntry entry, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        ModelSlot slot;
        Task<LiveModel> loading;
        int weight = Callers.IsBehind ? 0 : 1;
        lock (_gate)
        {
            _ended.Token.ThrowIfCancellationRequested();
            slot = SlotOf(entry.Description);
            slot.Hold(++_uses);
            loading = slot.Loading ??= LoadAsync(slot);
        }

        void Leave()
        {
            Interlocked.Add(ref _interactive, -weight);
            Release(slot);
        }

        Interlocked.Add(ref _interactive, weight);
        try
        {
            bool waits = !loading.IsCompleted;
            LiveModel live = await loading.WaitAsync(cancellationToken).ConfigureAwait(false);
            ServedModel served = live.Served.First(model => model.Id == entry.ServedId);
            return new ModelLease(
                entry,
                Settled(served, entry),
                waits ? Stopwatch.GetElapsedTime(began) : TimeSpan.Zero,
                time => Keep(slot, time),
                Leave);
        }
        catch (Exception fault)
        {
            Leave();
            throw fault switch
            {
                OperationCanceledException or HttpFault => fault,
                NoRoomException => new HttpFault(StatusCodes.Status503ServiceUnavailable, HttpFaultKind.NoRoom, fault.Message, fault),
                _ => new HttpFault(
                    StatusCodes.Status500InternalServerError,
                    HttpFaultKind.LoadFailed,
                    $"The model '{Excerpt.Of(entry.Name)}' could not be loaded: {fault.Message}",
                    fault),
            };
        }
    }

    /// <summary>
    /// Has a model go at once, or where somebody uses it when nobody does any more, and does not wait for that. One that stays, stays.
    /// </summary>
    public void Retire(ModelEntry entry)
    {
        lock (_gate)
        {
            if (!_slots.TryGetValue(entry.Description.Key, out ModelSlot? slot))
                return;

            slot.KeepAlive = TimeSpan.Zero;
            if (slot.IsIdle)
                Unload(slot);
        }
    }

    /// <summary>Unloads a model once nobody uses it, and returns when it is gone. One that stays, stays.</summary>
    public async Task UnloadAsync(ModelEntry entry, CancellationToken cancellationToken)
    {
        for (bool gone = entry.Description.Stays; !gone;)
        {
            Task wait;
            lock (_gate)
            {
                if (!_slots.TryGetValue(entry.Description.Key, out ModelSlot? slot))
                    return;

                gone = slot.Loading is null || slot.IsIdle;
                if (slot.IsIdle)
                    Unload(slot);

                wait = gone ? slot.Unloading : slot.WhenIdle();
            }

            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for the load in progress, and unloads all.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await _oneLoad.WaitAsync().ConfigureAwait(false);
        Task[] unloading;
        lock (_gate)
        {
            foreach (ModelSlot slot in _slots.Values.Where(slot => slot.Live is not null))
                Unload(slot);

            unloading = [.. _slots.Values.Select(slot => slot.Unloading)];
        }

        await Task.WhenAll(unloading).ConfigureAwait(false);
    }

    private static ServedModel Settled(ServedModel served, ModelEntry entry)
    {
        ServedModel named = served with { Id = entry.Name };
        if (entry.Preset is { } preset)
        {
            named = named with
            {
                Chat = new PresetChatCompletion(served.Chat, preset),
                Text = new PresetTextCompletion(served.Text, preset),
            };
        }

        TextOnlyCompletion text = new(named);
        return named with { Chat = text, Text = text };
    }

    private bool IsTaken(string name) => _given.ContainsKey(name) || _routed?.Routes.Any(route => route.Name == name) is true;

    private ModelEntry Only() => _given.Values.ToArray() is [var only] ? only : OnlyRoute ?? throw new OptionException(OptionFault.Of(
        FaultKind.Missing,
        nameof(ChatOptions.ModelId),
        $"is required: this server has {string.Join(", ", NamesOfStart.Select(name => $"'{name}'"))}."));

    private IEnumerable<string> NamesOfStart => _given.Keys.Concat((_routed?.Routes ?? []).Select(route => route.Name));

    private string Names()
    {
        ModelEntry[] all = [.. All];
        return string.Join(", ", all.Take(MostNamed).Select(entry => entry.Name)) + (all.Length > MostNamed ? ", …" : "");
    }

    private IEnumerable<ModelEntry> Created() => (library?.Created?.List() ?? []).Select(OfCreated).OfType<ModelEntry>();

    // Made of a model that is gone, it is none.
    private ModelEntry? OfCreated(CreatedModel created)
    {
        int? context = created.Preset.ContextLength;
        ModelEntry? made = created.Path is { } weights
            ? library!.Entry(created.Name, Path.GetFileNameWithoutExtension(weights), weights, ModelOrigin.Created, created.Made, context)
            : (_given.GetValueOrDefault(created.From) ?? library!.Find(created.From)) is not { } parent ? null
            : context is null || parent.Description.Path is not { } path || parent.Description.Options.Adapters.Count > 0 ? Shared(parent)
            : library!.Entry(created.Name, parent.ServedId, path, ModelOrigin.Created, created.Made, context);
        return made is null
            ? null
            : made with
            {
                Name = created.Name,
                Origin = ModelOrigin.Created,
                Since = created.Made,
                Preset = created.Preset,
                Created = created,
            };
    }

    // What the server started with is not loaded again for the sake of another name.
    private ModelEntry Shared(ModelEntry entry) => _given.Values.FirstOrDefault(given =>
        given.Description.Path is { } path
        && given.Description.Options.Adapters.Count == 0
        && entry.Description.Path is { } other
        && Path.GetFullPath(path) == Path.GetFullPath(other)) is { } same
            ? entry with { Description = same.Description, ServedId = same.ServedId }
            : entry;

    private void Give(ModelDescription model, LiveModel live)
    {
        foreach (ServedModel served in live.Served)
        {
            if (!_given.TryAdd(served.Id, new ModelEntry(served.Id, model, served.Id, ModelOrigin.Given, served.Loaded)))
                throw new ArgumentException($"Two models are named '{served.Id}'. Each needs a name of its own.", nameof(model));
        }

        _repairs.AddRange(live.Repairs.Select(repair => $"{live.Served[0].Id}: {repair}"));
    }

    private ModelSlot SlotOf(ModelDescription model)
    {
        if (!_slots.TryGetValue(model.Key, out ModelSlot? slot))
            _slots.Add(model.Key, slot = new ModelSlot(model) { KeepAlive = keepAlive });

        return slot;
    }

    private void Keep(ModelSlot slot, TimeSpan keep)
    {
        lock (_gate)
            slot.KeepAlive = keep;
    }

    private void Release(ModelSlot slot)
    {
        lock (_gate)
        {
            if (slot.Release())
                Rest(slot);
        }
    }

    private void Rest(ModelSlot slot)
    {
        if (slot.IsIdle && !_ended.IsCancellationRequested)
            slot.Rest(time, Expire);
    }

    private void Expire(ModelSlot slot, long rest)
    {
        lock (_gate)
        {
            // Somebody may have come, and gone, since the timer was set.
            if (slot.IsIdle && slot.Rests == rest)
                Unload(slot);
        }
    }

    // The gate is held. The next settings of a model begin with those of the server.
    private void Unload(ModelSlot slot)
    {
        LiveModel live = slot.Live!;
        slot.Wake();
        slot.Live = null;
        slot.Loading = null;
        slot.KeepAlive = keepAlive;
        slot.Unloading = Task.Run(() => live.Unload().AsTask());
    }

    private Task<LiveModel> LoadAsync(ModelSlot slot) => Task.Run(async () =>
    {
        try
        {
            await _oneLoad.WaitAsync(_ended.Token).ConfigureAwait(false);
            try
            {
                // However the one before ended, it is gone.
                await slot.Unloading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                LiveModel live = await LoadIntoRoomAsync(slot.Description).ConfigureAwait(false);
                lock (_gate)
                {
                    slot.Live = live;
                    if (slot.Holders == 0)
                    {
                        slot.BecomeIdle();
                        Rest(slot);
                    }
                }

                return live;
            }
            finally
            {
                _oneLoad.Release();
            }
        }
        catch
        {
            // Who asks next tries again.
            lock (_gate)
            {
                slot.Loading = null;
                slot.BecomeIdle();
            }

            throw;
        }
    });

    private async Task<LiveModel> LoadIntoRoomAsync(ModelDescription model)
    {
        while (true)
        {
            _ended.Token.ThrowIfCancellationRequested();
            NoRoomException? full = null;
            if (model.Stays || loader.HasRoomFor(model) || IsAlone(model))
            {
                try
                {
                    return loader.Load(model);
                }
                catch (NoRoomException fault)
                {
                    full = fault;
                }
            }

            if (LeastRecentlyUsed() is not { } idle)
                throw NoRoom(model, full);

            await idle.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Weights are mapped, and the system can drop their pages: one model may be larger than the memory.
    private bool IsAlone(ModelDescription model)
    {
        lock (_gate)
            return _slots.Values.All(slot => slot.Live is null || slot.Description.Key == model.Key);
    }

    // The end of the idle model that was not asked for for the longest time; null where none is idle.
    private Task? LeastRecentlyUsed()
    {
        lock (_gate)
        {
            if (_slots.Values.Where(slot => slot.IsIdle).MinBy(slot => slot.LastUse) is not { } slot)
                return null;

            Unload(slot);
            return slot.Unloading;
        }
    }

    private NoRoomException NoRoom(ModelDescription model, NoRoomException? full)
    {
        lock (_gate)
        {
            string[] busy = [.. _slots.Values.Where(slot => slot.Live is not null).Select(slot => slot.Live!.Served[0].Id)];
            return new NoRoomException(
                $"The model '{model.Options.Id ?? Path.GetFileName(model.Path)}' has no room in memory beside {string.Join(", ", busy)}, "
                    + "which are in use or stay loaded. Ask again when they are done, or start the server with fewer models or shorter "
                    + "contexts."
                    + (full is null ? "" : $" ({full.Message})"),
                full?.InnerException ?? full);
        }
    }
}
