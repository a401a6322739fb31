using QwenSharp.Protocols.Requests;

namespace QwenSharp.Server.Models;

/// <summary>Where a server knows a model from.</summary>
internal enum ModelOrigin
{
    /// <summary>It was given when the server was started.</summary>
    Given,

    /// <summary>It lies in the folder of models.</summary>
    Folder,

    /// <summary>It was pulled from a hub.</summary>
    Hub,

    /// <summary>It is a route, or somebody else's.</summary>
    Route,

    /// <summary>It was made of another by a request, with settings of its own.</summary>
    Created,
}

/// <summary>A model under one of its names.</summary>
/// <param name="Name">The name by which requests choose it.</param>
/// <param name="Description">What it is.</param>
/// <param name="ServedId">Which of the names that the loaded model has answers: its own or an adapter's.</param>
/// <param name="Origin">Where it is known from.</param>
/// <param name="Since">When it came.</param>
internal sealed record ModelEntry(
    string Name, ModelDescription Description, string ServedId, ModelOrigin Origin, DateTimeOffset Since)
{
    /// <summary>What it settles that a request leaves open; null for nothing.</summary>
    public ModelPreset? Preset { get; init; }

    /// <summary>What answers under its name where that is not a model to load: several, or somebody elsewhere. Null for others.</summary>
    public ServedModel? Routed { get; init; }

    /// <summary>What it was made of and how, where a request made it.</summary>
    public CreatedModel? Created { get; init; }
}

/// <summary>A model that is loaded.</summary>
/// <param name="Entry">What it is, under one of its names.</param>
/// <param name="ContextLength">Positions that a sequence may have; null where nobody knows.</param>
/// <param name="Expires">When it goes if nobody asks for it before; null while somebody uses it, or for ever.</param>
internal sealed record LoadedModel(ModelEntry Entry, int? ContextLength, DateTimeOffset? Expires);
