namespace QwenSharp.Protocols.SelfHosted;

/// <summary>The reply of <c>GET /props</c>.</summary>
/// <param name="ModelAlias">The model's name.</param>
/// <param name="TotalSlots">Sequences that may be computed at a time.</param>
/// <param name="ChatTemplate">The text of its chat template.</param>
/// <param name="DefaultGenerationSettings">What a sequence has.</param>
/// <param name="BuildInfo">The server's name and version.</param>
public sealed record ServerProperties(
    string ModelAlias, int TotalSlots, string ChatTemplate, SlotSettings DefaultGenerationSettings, string BuildInfo)
{
    /// <summary>What the model sees and hears: nothing.</summary>
    public Modalities Modalities { get; } = new(Vision: false, Audio: false);
}

/// <summary>What a sequence has.</summary>
/// <param name="NCtx">Positions that it may have.</param>
public sealed record SlotSettings(int NCtx);

/// <summary>What a model takes beside text.</summary>
/// <param name="Vision">Pictures.</param>
/// <param name="Audio">Sounds.</param>
public sealed record Modalities(bool Vision, bool Audio);

/// <summary>One of the places in <c>GET /slots</c>. Sequences have no places of their own; the first ones show what is running.</summary>
/// <param name="Id">Its number.</param>
/// <param name="NCtx">Positions that a sequence may have.</param>
/// <param name="IsProcessing">Whether a sequence is being computed.</param>
public sealed record Slot(int Id, int NCtx, bool IsProcessing);

/// <summary>The reply of <c>GET /version</c>.</summary>
/// <param name="Version">The server's version.</param>
public sealed record ServerVersion(string Version);
