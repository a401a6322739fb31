using QwenSharp.Engine;
using QwenSharp.Faults;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Cli.Inspect;

/// <summary>Memory that a model needs while it runs one sequence.</summary>
/// <param name="Context">Positions of the sequence.</param>
/// <param name="KvType">How keys and values are kept.</param>
/// <param name="WeightBytes">The weights, mapped from the file.</param>
/// <param name="KvBytes">Keys and values of the whole context, in whole blocks.</param>
/// <param name="StateBytes">Recurrent states, whatever the context.</param>
/// <param name="WorkspaceBytes">Activations of the largest batch, its logits, and their copies rounded to 8 bits for the kernels.</param>
internal sealed record MemoryNeed(int Context, TensorType KvType, long WeightBytes, long KvBytes, long StateBytes, long WorkspaceBytes)
{
    /// <summary>The process without a model: .NET, this program's code, the threads. An estimate, the same for every model.</summary>
    public const long RuntimeBytes = 64 << 20;

    /// <summary>All of it.</summary>
    public long TotalBytes => WeightBytes + KvBytes + StateBytes + WorkspaceBytes + RuntimeBytes;

    /// <summary>What the engine needs, as <c>run</c> and <c>serve</c> start it, for one sequence.</summary>
    /// <param name="config">The model.</param>
    /// <param name="tensors">Its weights, with data or without.</param>
    /// <param name="context">Positions; 0 for the model's own.</param>
    /// <param name="kvType">How keys and values are kept.</param>
    /// <exception cref="OptionException">The model's heads do not fit the type.</exception>
    public static MemoryNeed OfEngine(ModelConfig config, IReadOnlyCollection<Tensor> tensors, int context, TensorType kvType)
    {
        EngineOptions engine = new();
        return Of(config, tensors, context == 0 ? config.ContextLength : context, kvType, engine.MaxBatchTokens, engine.MaxSequences);
    }

    /// <summary>What an evaluator of one sequence needs, as <c>bench</c> has it.</summary>
    /// <inheritdoc cref="OfEngine"/>
    public static MemoryNeed OfEvaluator(ModelConfig config, IReadOnlyCollection<Tensor> tensors, int context, TensorType kvType)
    {
        (int rows, int logitRows) = SequenceEvaluator.BatchFor(context);
        return Of(config, tensors, context, kvType, rows, logitRows);
    }

    private static MemoryNeed Of(
        ModelConfig config,
        IReadOnlyCollection<Tensor> tensors,
        int context,
        TensorType kvType,
        int rows,
        int logitRows)
    {
        RunnerOptions.RequireKvType(config, kvType);
        long positions = (context + (long)KvStore.BlockTokens - 1) / KvStore.BlockTokens * KvStore.BlockTokens;
        int slots = rows * (config.Experts?.Used ?? 1);
        long scratch = CpuCompute.ScratchBytes(
            tensors.Where(tensor => tensor.Shape.Length > 1).Select(tensor => (tensor.Type, RowsOf(tensor.Name), tensor.Columns)));
        return new MemoryNeed(
            context,
            kvType,
            tensors.Sum(tensor => tensor.ByteLength),
            positions * config.KvBytesPerToken(kvType),
            config.StateBytesPerSequence,
            Workspace.BytesFor(config, rows, logitRows) + scratch);

        int RowsOf(string name) =>
            name.Contains("_exps.", StringComparison.Ordinal) ? slots
            : name.StartsWith("blk.", StringComparison.Ordinal) ? rows
            : logitRows;
    }
}
