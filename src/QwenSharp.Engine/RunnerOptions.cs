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

    /// <summary>How keys and values are kept: F16 or F32.</summary>
    public TensorType KvType { get; init; } = TensorType.F16;

    /// <summary>Whether the model's blocks that draft the token after next are to run, which takes a KV cache of their own.</summary>
    public bool Drafts { get; init; }

    /// <summary>Sees the input of each product with a weight matrix; null for none.</summary>
    public ProjectionObserver? Observer { get; init; }
}
