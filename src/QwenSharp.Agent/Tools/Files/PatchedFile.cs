namespace QwenSharp.Agent.Tools.Files;

/// <summary>What a patch does to one file.</summary>
/// <param name="Path">As the patch names it.</param>
internal sealed record PatchedFile(string Path)
{
    /// <summary>Where it goes; null where it stays.</summary>
    public string? MovesTo { get; init; }

    /// <summary>The text of a new file; null for one that is there.</summary>
    public string? Added { get; init; }

    /// <summary>Whether it is deleted.</summary>
    public bool IsDeleted { get; init; }

    /// <summary>What changes in it, from its beginning to its end.</summary>
    public IReadOnlyList<PatchHunk> Hunks { get; init; } = [];
}
