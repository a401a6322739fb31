using QwenSharp.Faults;
using QwenSharp.Numerics;

namespace QwenSharp.Server.Models;

/// <summary>Loads models into this process.</summary>
/// <param name="machine">What they share; null where each has its own, and then there is always room.</param>
/// <param name="notice">Hears what goes wrong with them beside all requests.</param>
internal sealed class QwenModelLoader(MachineResources? machine, Action<string>? notice = null) : IModelLoader
{
    // A model gets what memory is left for its context; with less than this share of its weights it would be of little use.
    private const int ContextShare = 8;

    /// <inheritdoc/>
    public bool HasRoomFor(ModelDescription model)
    {
        long weights = QwenModelInfo.BytesOf(model.Path!);
        return machine is null || machine.Memory.FreeBeside(model, weights) > weights / ContextShare;
    }

    /// <inheritdoc/>
    public LiveModel Load(ModelDescription model)
    {
        QwenModelOptions options = model.Options with
        {
            Resources = machine ?? model.Options.Resources,
            Notice = model.Options.Notice ?? notice,
        };
        if (!model.Stays && options.ContextLength > 0 && QwenModelInfo.Read(model.Path!).ContextLength is { } trained)
            options = options with { ContextLength = Math.Min(options.ContextLength, trained) };

        QwenModel loaded = QwenModel.Load(model.Path!, options);
        try
        {
            // What is wrong with a model shows now, not at the first request.
            loaded.Prepare();
            ServedModel[] served = [.. ServedModel.Of(loaded)];
            return new LiveModel(served, loaded.Repairs, async () =>
            {
                foreach (ServedModel name in served)
                    name.Dispose();

                await loaded.DisposeAsync().ConfigureAwait(false);
            })
            {
                ContextLength = loaded.ContextLength,
            };
        }
        catch (Exception fault) when (fault is MemoryBudgetException or IOptionFault { Fault.Kind: FaultKind.NoRoom })
        {
            loaded.Dispose();
            throw new NoRoomException(fault.Message, fault);
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }
}
