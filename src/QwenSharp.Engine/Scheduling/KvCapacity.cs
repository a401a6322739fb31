using QwenSharp.Faults;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>How large the KV cache is, and how long a sequence may become in it.</summary>
/// <param name="Blocks">Blocks of the KV cache.</param>
/// <param name="ContextLength">Positions that one sequence may have.</param>
/// <param name="KeptStates">Recurrent states that the prefix cache keeps.</param>
internal readonly record struct KvCapacity(int Blocks, int ContextLength, int KeptStates)
{
    private const int MostStates = 64;

    /// <summary>Plans within the options and what there is of memory.</summary>
    /// <exception cref="ArgumentException">The options ask for a context that the model or the cache does not have.</exception>
    public static KvCapacity Plan(LanguageModel model, EngineOptions options, MemoryBudget memory)
    {
        RunnerOptions.RequireKvType(model.Config, options.KvType);
        int trained = model.Config.ContextLength;
        int context = options.ContextLength == 0 ? trained : options.ContextLength;
        if (context > trained)
        {
            throw new OptionException(new OptionFault(
                FaultKind.OutOfRange,
                nameof(options.ContextLength),
                $"{new OptionName(nameof(options.ContextLength))} is {context}; the model was trained for {trained}.")
            {
                Bounds = Bounds.Between(0, trained),
            });
        }

        long blockBytes = KvStore.BlockTokens * model.Config.KvBytesPerToken(options.KvType);
        long states = options.MaxSequences * model.Config.StateBytesPerSequence;
        long free = memory.FreeBeside(model, model.WeightBytes) - states;
        int kept = KeptStatesOf(model.Config.StateBytesPerSequence, options, free);
        free -= kept * model.Config.StateBytesPerSequence;
        long wanted = (long)MemoryPool.BlocksFor(context) * options.MaxSequences;
        long affordable =
            (options.KvBytes ?? Math.Max(0, free) / 2) / blockBytes;
        int blocks = (int)Math.Min(int.MaxValue, Math.Min(wanted, affordable));
        long positions = (long)blocks * KvStore.BlockTokens;
        if (blocks == 0 || (options.ContextLength > 0 && positions < context))
        {
            throw new OptionException(new OptionFault(
                FaultKind.NoRoom,
                nameof(options.ContextLength),
                $"A context of {context} needs {MemoryPool.BlocksFor(context) * blockBytes} bytes of KV cache; there are "
                    + $"{affordable * blockBytes}.")
            {
                Remedies = [new Remedy("raise", nameof(options.KvBytes)), new Remedy("lower", nameof(options.ContextLength))],
            });
        }

        return new KvCapacity(blocks, (int)Math.Min(context, positions), kept);
    }

    private static int KeptStatesOf(long stateBytes, EngineOptions options, long free)
    {
        if (stateBytes == 0 || !options.PrefixCache)
            return 0;

        long states = (options.StateCacheBytes ?? Math.Max(0, free) / 8) / stateBytes;
        return (int)Math.Min(states, options.StateCacheBytes is null ? MostStates : int.MaxValue);
    }
}
