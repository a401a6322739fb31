using QwenSharp.Engine;
using QwenSharp.Faults;
using QwenSharp.Numerics;

namespace QwenSharp;

/// <summary>How to hold a model in memory and compute with it.</summary>
public sealed record QwenModelOptions
{
    /// <summary>The name under which the model is known; null for the name of its file without extension.</summary>
    public string? Id { get; init; }

    /// <summary>
    /// LoRA adapters to load beside the model, several at once on the same weights: the name by which requests choose one, and the path of
    /// its PEFT folder
    /// or GGUF file.
    /// </summary>
    public IReadOnlyDictionary<string, string> Adapters { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Whose threads and memory the model computes with: a program that loads several models makes one and hands it to all of them, so that
    /// they take turns. Null for its own, which its embedders and rerankers share. The model takes a handle for itself.
    /// </summary>
    public MachineResources? Resources { get; init; }

    /// <summary>Threads that compute; 0 for all of the resources, or one a processor.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// The longest sequence, prompt and answer together, in tokens; 0 for what the engine chooses (the model's own, capped by memory).
    /// </summary>
    public int ContextLength { get; init; }

    /// <summary>How keys and values are kept: F32, F16, BF16 or Q8_0, which takes about half the memory of F16.</summary>
    public TensorType KvType { get; init; } = TensorType.F16;

    /// <summary>
    /// Bytes of keys and values, for all sequences together and the prefix cache; null for what the engine chooses
    /// (<see cref="EngineOptions.KvBytes"/>).
    /// </summary>
    public long? KvBytes { get; init; }

    /// <summary>Whether prompts go on from what earlier ones have computed.</summary>
    public bool PrefixCache { get; init; } = true;

    /// <summary>
    /// Bytes of recurrent states that the prefix cache of a hybrid model keeps; null for what the engine chooses
    /// (<see cref="EngineOptions.StateCacheBytes"/>).
    /// </summary>
    public long? StateCacheBytes { get; init; }

    /// <summary>
    /// The folder in which what prompts go on from outlives the model, in a file that its name names: read when the engine starts, saved
    /// when the model is disposed and every few minutes in between. It is made where it is not there. Null to keep nothing; where
    /// <see cref="PrefixCache"/> is false there is nothing to keep. A file of another model, of another version of this library or of
    /// another processor is not used.
    /// </summary>
    public string? CacheFolder { get; init; }

    /// <summary>
    /// Told in a sentence what goes wrong beside all requests: a cache that cannot be used or saved. From any thread; null to hear nothing.
    /// </summary>
    public Action<string>? Notice { get; init; }

    /// <summary>The most sequences that are computed in one batch; null for the engine's default.</summary>
    public int? MaxSequences { get; init; }

    /// <summary>The most tokens computed in one step of the engine; null for the engine's default.</summary>
    public int? MaxBatchTokens { get; init; }

    /// <summary>
    /// Sequences that wait at most; more are refused with <see cref="QueueFullException"/>. Null for the engine's default.
    /// </summary>
    public int? MaxWaiting { get; init; }

    internal EngineOptions ToEngineOptions()
    {
        EngineOptions defaults = new();
        return defaults with
        {
            Resources = Resources,
            Threads = Threads,
            ContextLength = ContextLength,
            KvType = KvType,
            KvBytes = KvBytes,
            PrefixCache = PrefixCache,
            StateCacheBytes = StateCacheBytes,
            MaxWaiting = MaxWaiting ?? defaults.MaxWaiting,
            MaxSequences = MaxSequences ?? defaults.MaxSequences,
            MaxBatchTokens = MaxBatchTokens ?? Math.Max(defaults.MaxBatchTokens, MaxSequences ?? 0),
        };
    }
}
