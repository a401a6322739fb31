using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>
/// A model with all that it takes to compute: kernels and their threads, keys and values, recurrent states, scratch and a batch. Whoever
/// drives it fills <see cref="Batch"/>, takes a step, and reads rows of the result. One thread at a time uses it.
/// </summary>
public sealed class ModelRunner : IDisposable
{
    private readonly MachineResources _resources;
    private readonly bool _hasDrafts;
    private readonly CpuCompute _compute;
    private readonly Workspace _workspace;
    private readonly Activations? _classes;
    private readonly TensorType _kvType;
    private MemoryReservation _memory;
    private KvStore _cache;
    private KvStore? _drafts;

    /// <summary>Allocates; pages of caches and states cost memory once they are written.</summary>
    /// <param name="model">The weights; not owned.</param>
    /// <param name="options">How much there is room for.</param>
    /// <exception cref="ArgumentException">A number makes no sense.</exception>
    /// <exception cref="InvalidOperationException">Drafts are wanted of a model that has no block for them.</exception>
    /// <exception cref="MemoryBudgetException">Others have not left enough of the machine's memory.</exception>
    /// <exception cref="OutOfMemoryException">The system has no such amount of memory.</exception>
    public ModelRunner(LanguageModel model, RunnerOptions options)
    {
        RunnerOptions.RequireKvType(model.Config, options.KvType);
        (Model, _kvType, Sequences, _hasDrafts) = (model, options.KvType, options.Sequences, options.Drafts);
        KeptStates = model.Config.StateBytesPerSequence == 0 ? 0 : options.KeptStates;
        Batch = new Batch(options.Rows, options.Sequences);
        _resources = options.Resources?.Share() ?? new MachineResources(options.Threads);
        try
        {
            _compute = new CpuCompute(_resources, options.Threads) { Observer = options.Observer };
            (_memory, _cache, _drafts) = Allocate(options.Blocks);
        }
        catch
        {
            _compute?.Dispose();
            _resources.Dispose();
            throw;
        }

        States = model.CreateRecurrentStore(_compute, Sequences + KeptStates);
        _workspace = new Workspace(_compute, model.Config, options.Rows, options.LogitRows);
        _classes = model.ClassifierOutputs > 0 ? _compute.CreateActivations(options.LogitRows, model.ClassifierOutputs) : null;
    }

    /// <summary>The weights.</summary>
    public LanguageModel Model { get; }

    /// <summary>The rows of the next step; whoever drives the runner fills it and clears it.</summary>
    public Batch Batch { get; }

    /// <summary>The states of recurrent layers, a slot a sequence; null where no layer is recurrent.</summary>
    public RecurrentStore? States { get; }

    /// <summary>Blocks of the KV cache.</summary>
    public int Blocks => _cache.Blocks;

    /// <summary>Sequences of one step at most, and slots of recurrent states.</summary>
    public int Sequences { get; }

    /// <summary>Slots of recurrent states behind those of the sequences.</summary>
    public int KeptStates { get; }

    /// <summary>The logits of the last step: row n belongs to <see cref="Batch.ScoredRows"/>[n].</summary>
    public Activations Logits => _workspace.Logits;

    /// <summary>The final hidden states of the last step: row n belongs to <see cref="Batch.KeptRows"/>[n].</summary>
    public Activations FinalHidden => _workspace.FinalHidden;

    /// <summary>The outputs of the classifier head, once <see cref="Classify"/> has computed them.</summary>
    /// <exception cref="InvalidOperationException">The model has no such head.</exception>
    public Activations Classes => _classes ?? throw new InvalidOperationException("The model has no classifier head.");

    /// <summary>Computes the batch's rows.</summary>
    /// <exception cref="ArgumentException">A sequence's recurrent state is that of another position.</exception>
    /// <exception cref="ObjectDisposedException">The file that the weights lie in was closed.</exception>
    public void Forward()
    {
        Begin();
        try
        {
            Model.Forward(_compute, Batch, _cache, _workspace, States);
        }
        finally
        {
            End();
        }
    }

    /// <summary>Drafts the token after next from the batch's rows; see <see cref="LanguageModel.PredictNext"/>.</summary>
    /// <param name="hidden">The final hidden state before each row's token: <see cref="FinalHidden"/>, or a copy.</param>
    /// <param name="block">Which of the model's blocks.</param>
    /// <exception cref="InvalidOperationException">The model has no such block, or the runner was made without drafts.</exception>
    public void PredictNext(Activations hidden, int block = 0)
    {
        if (_drafts is null)
            throw new InvalidOperationException($"The runner was made without {nameof(RunnerOptions.Drafts)}.");

        Begin();
        try
        {
            Model.PredictNext(_compute, Batch, hidden, _drafts, _workspace, block);
        }
        finally
        {
            End();
        }
    }

    /// <summary>Applies the classifier head to the final hidden states of the last step.</summary>
    /// <exception cref="InvalidOperationException">The model has no such head.</exception>
    public void Classify()
    {
        Begin();
        try
        {
            Model.Classify(_compute, Batch.KeptRows.Length, _workspace, Classes);
        }
        finally
        {
            End();
        }
    }

    /// <summary>Makes sure of a KV cache of so many blocks. Where it has to grow, what it held is lost.</summary>
    /// <exception cref="MemoryBudgetException">Others have not left enough of the machine's memory.</exception>
    public void Reserve(int blocks)
    {
        if (blocks <= Blocks)
            return;

        // What was held is given back first: it may be what the new cache needs.
        Free();
        try
        {
            (_memory, _cache, _drafts) = Allocate(blocks);
        }
        catch
        {
            (_memory, _cache, _drafts) = Allocate(0);
            throw;
        }
    }

    /// <summary>Keys and values.</summary>
    internal KvStore Cache => _cache;

    /// <summary>The kernels that compute.</summary>
    internal Isa Isa => _compute.Isa;

    /// <summary>Makes one block of the KV cache what another is.</summary>
    internal void CopyBlock(int from, int to)
    {
        _cache.Copy(from, to);
        _drafts?.Copy(from, to);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _compute.Dispose();
        _workspace.Dispose();
        _classes?.Dispose();
        States?.Dispose();
        Free();
        _resources.Dispose();
    }

    private void Begin()
    {
        _compute.TakeTurn();
        try
        {
            Model.Enter();
        }
        catch
        {
            _compute.EndTurn();
            throw;
        }
    }

    private void End()
    {
        Model.Leave();
        _compute.EndTurn();
    }

    private (MemoryReservation Memory, KvStore Cache, KvStore? Drafts) Allocate(int blocks)
    {
        ModelConfig config = Model.Config;
        long blockBytes = KvStore.BlockTokens * config.KvBytesPerToken(_kvType);
        if (_hasDrafts)
            blockBytes += blockBytes / config.AttentionLayers * config.NextTokenLayers;

        MemoryReservation memory = _resources.Memory.Reserve(
            Model, Model.WeightBytes, (blocks * blockBytes) + ((Sequences + KeptStates) * config.StateBytesPerSequence));
        try
        {
            KvStore cache = Model.CreateKvStore(_compute, _kvType, blocks);
            return (memory, cache, _hasDrafts ? Model.CreateNextTokenKvStore(_compute, _kvType, blocks) : null);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    private void Free()
    {
        _cache.Dispose();
        _drafts?.Dispose();
        _memory.Dispose();
    }
}
