namespace QwenSharp.Server.Batches;

/// <summary>How far a batch is.</summary>
internal enum BatchStatus
{
    /// <summary>Its lines are being read.</summary>
    Validating,

    /// <summary>Its lines are being answered.</summary>
    InProgress,

    /// <summary>All lines are answered, and its files are being made.</summary>
    Finalizing,

    /// <summary>It is whole.</summary>
    Completed,

    /// <summary>Its lines could not be read.</summary>
    Failed,

    /// <summary>Its time was over before all lines were answered.</summary>
    Expired,

    /// <summary>It is to be cancelled, and some lines are still being answered.</summary>
    Cancelling,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}

/// <summary>How far a line is.</summary>
internal enum LineState
{
    /// <summary>It waits, or is being answered.</summary>
    Pending,

    /// <summary>It was answered.</summary>
    Succeeded,

    /// <summary>It was refused, or the server failed.</summary>
    Errored,

    /// <summary>It was not answered, as the batch was cancelled.</summary>
    Cancelled,

    /// <summary>It was not answered in time.</summary>
    Expired,
}

/// <summary>How many lines are how far.</summary>
internal sealed record BatchCounts(long Pending, long Succeeded, long Errored, long Cancelled, long Expired)
{
    /// <summary>All lines.</summary>
    public long Total => Pending + Succeeded + Errored + Cancelled + Expired;
}

/// <summary>One request of a batch.</summary>
/// <param name="Number">Its place, from 0.</param>
/// <param name="CustomId">What the client calls it.</param>
/// <param name="Body">Its JSON, as an endpoint takes it.</param>
internal sealed record BatchLine(long Number, string CustomId, byte[] Body);

/// <summary>Requests that are answered in the background.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Form">The dialect's form that it has; see <see cref="IBatchForm.Name"/>.</param>
/// <param name="Owner">The key in whose name it runs; empty for none.</param>
/// <param name="Endpoint">What answers its lines, in the dialect's words.</param>
/// <param name="Created">When it came.</param>
/// <param name="Expires">When it ends, whole or not.</param>
internal sealed record Batch(
    string Id, string Form, string Owner, string Endpoint, DateTimeOffset Created, DateTimeOffset Expires)
{
    /// <summary>How far it is.</summary>
    public BatchStatus Status { get; init; }

    /// <summary>The file of its lines; null where they came with it.</summary>
    public string? InputFile { get; init; }

    /// <summary>The client's own notes, as a JSON object; null for none.</summary>
    public string? Metadata { get; init; }

    /// <summary>Why it failed, in the dialect's JSON; null where it did not.</summary>
    public string? Errors { get; init; }

    /// <summary>The file of the answers; null where there is none.</summary>
    public string? OutputFile { get; init; }

    /// <summary>The file of the lines that were not answered; null where there is none.</summary>
    public string? ErrorFile { get; init; }

    /// <summary>When its first line could be answered.</summary>
    public DateTimeOffset? Begun { get; init; }

    /// <summary>When its last line was.</summary>
    public DateTimeOffset? Finalizing { get; init; }

    /// <summary>When it was asked to be cancelled.</summary>
    public DateTimeOffset? Cancelling { get; init; }

    /// <summary>When it ended, in whichever way.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>How far its lines are.</summary>
    public BatchCounts Counts { get; init; } = new(0, 0, 0, 0, 0);

    /// <summary>Whether nothing happens to it any more.</summary>
    public bool HasEnded => Status is BatchStatus.Completed or BatchStatus.Failed or BatchStatus.Expired or BatchStatus.Cancelled;
}
