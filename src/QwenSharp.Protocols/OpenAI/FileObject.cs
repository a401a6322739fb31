using System.Text.Json.Serialization;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>A file, as <c>/v1/files</c> describes it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Bytes">How long it is.</param>
/// <param name="CreatedAt">When it came, in seconds since 1970.</param>
/// <param name="Filename">What the client calls it.</param>
/// <param name="Purpose">What it is for.</param>
public sealed record FileObject(string Id, long Bytes, long CreatedAt, string Filename, string Purpose)
{
    /// <summary>Always <c>file</c>.</summary>
    [JsonPropertyOrder(-1)]
    public string Object { get; } = "file";

    /// <summary>When it goes, in seconds since 1970; left out for never.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? ExpiresAt { get; init; }

    /// <summary>Always <c>processed</c>: there is nothing to wait for.</summary>
    public string Status { get; } = "processed";
}

/// <summary>A page of a list.</summary>
/// <param name="Data">What is on it.</param>
/// <param name="HasMore">Whether there is more beyond it.</param>
/// <param name="FirstId">The first of the page; null where it is empty.</param>
/// <param name="LastId">The last of the page; null where it is empty.</param>
public sealed record Page<T>(IReadOnlyList<T> Data, bool HasMore, string? FirstId, string? LastId)
{
    /// <summary>Always <c>list</c>.</summary>
    [JsonPropertyOrder(-1)]
    public string Object { get; } = "list";
}

/// <summary>Something that was deleted.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Object">What it was.</param>
public sealed record Deletion(string Id, string Object)
{
    /// <summary>Always true.</summary>
    public bool Deleted { get; } = true;
}
