using QwenSharp.Faults;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>How much a <see cref="ModelRunner"/> has room for.</summary>
public sealed record RunnerOptions
{
    /// <summary>Whose threads and memory it uses; null for its own.</summary>
    public MachineResources? Resources { get; init; }

    /// <summary>Threads that compute; 0 for all of the resources, or one a processor.</summary>
    public int Threads { get; init; }

    /// <summary>Rows of one step at most: a token each.</summary>
    public int Rows { get; init; } = 512;

    /// <summary>Rows of one step that may want logits.</summary>
    public int LogitRows { get; init; } = 1;

    /// <summary>Sequences of one step at most, each with a slot of recurrent states where the model has such.</summary>
    public int Sequences { get; init; } = 1;

    /// <summary>Slots of recurrent states beside those of sequences, for states that are kept.</summary>
    public int KeptStates { get; init; }

    /// <summary>Blocks of the KV cache, of <see cref="KvStore.BlockTokens"/> positions each.</summary>
    public int Blocks { get; init; }

    /// <summary>How keys and values are kept: one of <see cref="KvStore.Types"/>.</summary>
    public TensorType KvType { get; init; } = TensorType.F16;

    /// <summary>Whether the model's blocks that draft the token after next are to run, which takes a KV cache of their own.</summary>
    public bool Drafts { get; init; }

    /// <summary>Sees the input of each product with a weight matrix; null for none.</summary>
    public ProjectionObserver? Observer { get; init; }

    /// <summary>Refuses a type that keys and values cannot be kept in, or not those of a model's heads.</summary>
    /// <exception cref="OptionException">So it is; the fault names <see cref="KvType"/>.</exception>
    public static void RequireKvType(ModelConfig config, TensorType type)
    {
        ArgumentNullException.ThrowIfNull(config);
        OptionException.Require(
            KvStore.Types.Contains(type),
            nameof(KvType),
            type,
            new Bounds($"{string.Join(", ", KvStore.Types.SkipLast(1))} or {KvStore.Types[^1]}"));
        if (!KvStore.Holds(type, config.HeadLength))
        {
            IEnumerable<TensorType> others = KvStore.Types.Where(other => KvStore.Holds(other, config.HeadLength));
            throw new OptionException(new OptionFault(
                FaultKind.OutOfRange,
                nameof(KvType),
                $"{new OptionName(nameof(KvType))} is {type}, in which a head is whole blocks of {type.BlockLength()} features; this "
                    + $"model's heads have {config.HeadLength}. It takes {string.Join(", ", others)}.")
            {
                Bounds = new Bounds(string.Join(", ", others)),
            });
        }
    }
}
