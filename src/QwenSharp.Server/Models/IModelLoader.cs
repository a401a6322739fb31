namespace QwenSharp.Server.Models;

/// <summary>Brings models into memory.</summary>
internal interface IModelLoader
{
    /// <summary>Whether the machine has memory left for a model's weights and some context.</summary>
    bool HasRoomFor(ModelDescription model);

    /// <summary>Loads a model. It may block; it is called by no thread that answers requests.</summary>
    /// <exception cref="NoRoomException">Others hold the memory.</exception>
    LiveModel Load(ModelDescription model);
}

/// <summary>A model that is loaded.</summary>
/// <param name="Served">It under its own name and its adapters'.</param>
/// <param name="Repairs">What was read in its files as something else than they say.</param>
/// <param name="Unload">Ends it and frees its memory.</param>
internal sealed record LiveModel(IReadOnlyList<ServedModel> Served, IReadOnlyList<string> Repairs, Func<ValueTask> Unload)
{
    /// <summary>Positions that a sequence may have; null where nobody knows.</summary>
    public int? ContextLength { get; init; }
}

/// <summary>A model has no room beside those that are loaded.</summary>
internal sealed class NoRoomException(string message, Exception? inner = null) : Exception(message, inner);
