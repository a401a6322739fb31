using QwenSharp.Faults;
using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>How an engine shares the machine among sequences. Every limit has a default that fits the machine.</summary>
public sealed record EngineOptions
{
    /// <summary>
    /// Whose threads and memory the engine uses, in turns with others that have the same; null for its own. It takes a handle for itself.
    /// </summary>
    public MachineResources? Resources { get; init; }

    /// <summary>Threads that compute; 0 for all of the resources, or one a processor.</summary>
    public int Threads { get; init; }

    /// <summary>Tokens computed in one step at most: decoding sequences take one each, prefill takes the rest.</summary>
    public int MaxBatchTokens { get; init; } = 512;

    /// <summary>
    /// Tokens of prefill in one step while other sequences decode: a larger share finishes prompts sooner,
    /// a smaller one keeps the others' tokens coming.
    /// </summary>
    public int MaxPrefillTokensWhileDecoding { get; init; } = 128;

    /// <summary>Sequences that are computed together at most; others wait, by turns of their owners.</summary>
    public int MaxSequences { get; init; } = 32;

    /// <summary>
    /// Sequences that wait at most, each choice of a request counted; what would make them more is refused with
    /// <see cref="QueueFullException"/>.
    /// </summary>
    public int MaxWaiting { get; init; } = 1024;

    /// <summary>
    /// Positions that one sequence may have, prompt and answer together; 0 for the model's own, or what the KV cache can hold if that is
    /// less.
    /// </summary>
    public int ContextLength { get; init; }

    /// <summary>
    /// The KV cache's type, one of <see cref="KvStore.Types"/>: F32 keeps exact values, Q8_0 takes about half the memory of F16.
    /// </summary>
    public TensorType KvType { get; init; } = TensorType.F16;

    /// <summary>
    /// Bytes of the KV cache, for all sequences together; null for what <see cref="MaxSequences"/> full sequences need,
    /// up to half of the memory that others, the weights and recurrent states leave. Pages cost memory only once they are used.
    /// </summary>
    public long? KvBytes { get; init; }

    /// <summary>
    /// Whether what sequences have computed stays in free memory, so that a prompt that begins as an earlier one goes on from there. It
    /// changes no token.
    /// </summary>
    public bool PrefixCache { get; init; } = true;

    /// <summary>
    /// Bytes of recurrent states that the prefix cache of a hybrid model keeps: a prompt goes on from a position that has one. Null for an
    /// eighth of the memory that others, the weights and states of running sequences leave, up to 64 states.
    /// </summary>
    public long? StateCacheBytes { get; init; }

    /// <summary>Where the prefix cache outlives the engine; null for nowhere. It changes no token.</summary>
    public PrefixFile? PrefixFile { get; init; }

    internal void Validate()
    {
        OptionException.Require(Threads >= 0, nameof(Threads), Threads, Bounds.AtLeast(0));
        OptionException.Require(MaxSequences >= 1, nameof(MaxSequences), MaxSequences, Bounds.AtLeast(1));
        if (MaxBatchTokens < MaxSequences)
        {
            throw new OptionException(new OptionFault(
                FaultKind.OutOfRange,
                nameof(MaxBatchTokens),
                $"{new OptionName(nameof(MaxBatchTokens))} is {MaxBatchTokens}; it must be {new OptionName(nameof(MaxSequences))} "
                    + $"({MaxSequences}) or more, so that every sequence can decode in one step.")
            {
                Bounds = Bounds.AtLeast(MaxSequences),
            });
        }

        OptionException.Require(
            MaxPrefillTokensWhileDecoding >= 1,
            nameof(MaxPrefillTokensWhileDecoding),
            MaxPrefillTokensWhileDecoding,
            Bounds.AtLeast(1));
        OptionException.Require(MaxWaiting >= 1, nameof(MaxWaiting), MaxWaiting, Bounds.AtLeast(1));
        OptionException.Require(ContextLength >= 0, nameof(ContextLength), ContextLength, Bounds.AtLeast(0));
        OptionException.Require(
            StateCacheBytes is null or >= 0, nameof(StateCacheBytes), StateCacheBytes, new Bounds("0 or more", Least: 0));
        OptionException.Require(
            PrefixFile is null || PrefixCache, nameof(PrefixFile), PrefixFile, new Bounds($"null where {nameof(PrefixCache)} is false"));
        OptionException.Require(KvBytes is null or > 0, nameof(KvBytes), KvBytes, new Bounds("positive", Least: 1));
    }
}
