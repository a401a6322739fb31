using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using QwenSharp.Faults;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>A batch, as <c>/v1/messages/batches</c> describes it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="ProcessingStatus"><c>in_progress</c>, <c>canceling</c> or <c>ended</c>.</param>
/// <param name="RequestCounts">How far its requests are.</param>
/// <param name="CreatedAt">When it came.</param>
/// <param name="ExpiresAt">When it ends, whole or not.</param>
public sealed record MessageBatch(
    string Id,
    string ProcessingStatus,
    MessageBatchCounts RequestCounts,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt)
{
    /// <summary>Always <c>message_batch</c>.</summary>
    [JsonPropertyOrder(-1)]
    public string Type { get; } = "message_batch";

    /// <summary>When it ended; null before.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Always null: results stay until the batch is deleted.</summary>
    public DateTimeOffset? ArchivedAt { get; }

    /// <summary>When it was asked to be cancelled.</summary>
    public DateTimeOffset? CancelInitiatedAt { get; init; }

    /// <summary>Where the results are; null before it has ended.</summary>
    public string? ResultsUrl { get; init; }
}

/// <summary>How far the requests of a batch are.</summary>
public sealed record MessageBatchCounts(long Processing, long Succeeded, long Errored, long Canceled, long Expired);

/// <summary>A page of batches.</summary>
/// <param name="Data">The batches of this page.</param>
/// <param name="HasMore">Whether there are more beyond it.</param>
/// <param name="FirstId">The first of the page; null where it is empty.</param>
/// <param name="LastId">The last of the page; null where it is empty.</param>
public sealed record MessageBatchPage(IReadOnlyList<MessageBatch> Data, bool HasMore, string? FirstId, string? LastId);

/// <summary>A batch that was deleted.</summary>
/// <param name="Id">Its name.</param>
public sealed record DeletedMessageBatch(string Id)
{
    /// <summary>Always <c>message_batch_deleted</c>.</summary>
    public string Type { get; } = "message_batch_deleted";
}

/// <summary>The requests of batches, and their results: one JSON object a line.</summary>
public static class MessageBatchLines
{
    private const int MaxRequests = 100_000;
    private const int MaxIdLength = 64;

    /// <summary>Reads the body of <c>POST /v1/messages/batches</c>.</summary>
    /// <returns>Each request's own name and body.</returns>
    /// <exception cref="OptionException">A field is missing, or has a wrong value.</exception>
    /// <exception cref="OptionNotSupportedException">A field cannot be honoured.</exception>
    public static IReadOnlyList<(string CustomId, byte[] Body)> Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        RequestValue requests = fields.Require("requests");
        fields.RefuseRest();
        List<(string, byte[])> lines = [];
        HashSet<string> names = [];
        foreach (RequestValue item in requests.Items())
        {
            RequestFields request = item.Fields();
            RequestValue id = request.Require("custom_id");
            string name = id.String();
            if (name.Length is 0 or > MaxIdLength || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
                throw id.Invalid($"must be 1 to {MaxIdLength} letters, digits, '_' and '-'.");
            if (!names.Add(name))
                throw id.Invalid("is the name of another request too.");

            RequestValue asked = request.Require("params");
            _ = asked.Fields();
            request.RefuseRest();
            lines.Add((name, Encoding.UTF8.GetBytes(asked.Element.GetRawText())));
        }

        return lines.Count is > 0 and <= MaxRequests ? lines : throw requests.Invalid($"must be 1 to {MaxRequests} requests.");
    }

    /// <summary>A line of the results.</summary>
    /// <param name="customId">The request's own name.</param>
    /// <param name="type"><c>succeeded</c>, <c>errored</c>, <c>canceled</c> or <c>expired</c>.</param>
    /// <param name="body">The message, or the error; empty where there is neither.</param>
    public static byte[] Write(string customId, string type, ReadOnlyMemory<byte> body)
    {
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter writer = new(output, WireJson.Options))
        {
            writer.WriteStartObject();
            writer.WriteString("custom_id", customId);
            writer.WriteStartObject("result");
            writer.WriteString("type", type);
            if (!body.IsEmpty)
            {
                writer.WritePropertyName(type == "succeeded" ? "message" : "error");
                writer.WriteRawValue(body.Span, skipInputValidation: true);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }
}
