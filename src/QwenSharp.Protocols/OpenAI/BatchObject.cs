using System.Text.Json;
using System.Text.Json.Serialization;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>A batch, as <c>/v1/batches</c> describes it. Times are seconds since 1970.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Endpoint">What answers its lines.</param>
/// <param name="InputFileId">The file of its lines.</param>
/// <param name="Status">How far it is.</param>
/// <param name="CreatedAt">When it came.</param>
/// <param name="ExpiresAt">When it ends, whole or not.</param>
/// <param name="RequestCounts">How far its lines are.</param>
public sealed record BatchObject(
    string Id, string Endpoint, string InputFileId, string Status, long CreatedAt, long ExpiresAt, BatchRequestCounts RequestCounts)
{
    /// <summary>Always <c>batch</c>.</summary>
    [JsonPropertyOrder(-1)]
    public string Object { get; } = "batch";

    /// <summary>Always <c>24h</c>.</summary>
    public string CompletionWindow { get; } = "24h";

    /// <summary>Why it failed; null where it did not.</summary>
    public BatchErrors? Errors { get; init; }

    /// <summary>The file of the answers; null where there is none.</summary>
    public string? OutputFileId { get; init; }

    /// <summary>The file of the lines that were not answered; null where there is none.</summary>
    public string? ErrorFileId { get; init; }

    /// <summary>When its first line could be answered.</summary>
    public long? InProgressAt { get; init; }

    /// <summary>When its files began to be made.</summary>
    public long? FinalizingAt { get; init; }

    /// <summary>When it was whole.</summary>
    public long? CompletedAt { get; init; }

    /// <summary>When it failed.</summary>
    public long? FailedAt { get; init; }

    /// <summary>When its time was over.</summary>
    public long? ExpiredAt { get; init; }

    /// <summary>When it was asked to be cancelled.</summary>
    public long? CancellingAt { get; init; }

    /// <summary>When it was cancelled.</summary>
    public long? CancelledAt { get; init; }

    /// <summary>The client's own notes; null for none.</summary>
    public JsonElement? Metadata { get; init; }
}

/// <summary>How far the lines of a batch are.</summary>
/// <param name="Total">All of them.</param>
/// <param name="Completed">Those with an answer.</param>
/// <param name="Failed">Those that were refused.</param>
public sealed record BatchRequestCounts(long Total, long Completed, long Failed);

/// <summary>Why the lines of a batch could not be read.</summary>
/// <param name="Data">The first of the faults.</param>
public sealed record BatchErrors(IReadOnlyList<BatchError> Data)
{
    /// <summary>Always <c>list</c>.</summary>
    [JsonPropertyOrder(-1)]
    public string Object { get; } = "list";
}

/// <summary>What is wrong with a line.</summary>
/// <param name="Code">A word for programs.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Param">The field; null for none.</param>
/// <param name="Line">The line, from 1; null for the file as a whole.</param>
public sealed record BatchError(string Code, string Message, string? Param, long? Line);
