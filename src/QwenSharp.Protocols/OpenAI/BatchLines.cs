using System.Buffers;
using System.Text;
using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The files of batches: one JSON object a line.</summary>
public static class BatchLines
{
    private const int MaxLines = 50_000;
    private const int MaxErrors = 10;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads the requests of a file.</summary>
    /// <param name="content">The file.</param>
    /// <param name="endpoint">What all lines must ask.</param>
    /// <returns>Each line's own name and body, and what is wrong with the first lines that are wrong.</returns>
    public static (IReadOnlyList<(string CustomId, byte[] Body)> Lines, IReadOnlyList<BatchError> Errors) Read(
        ReadOnlyMemory<byte> content, string endpoint)
    {
        List<(string, byte[])> lines = [];
        List<BatchError> errors = [];
        HashSet<string> names = [];
        long number = 0;
        foreach (Range range in Split(content))
        {
            number++;
            ReadOnlyMemory<byte> line = content[range];
            if (IsBlank(line.Span))
                continue;

            if (Check(line, endpoint, names, out string name, out byte[] body) is { } error)
                errors.Add(error with { Line = number });
            else
                lines.Add((name, body));

            if (errors.Count == MaxErrors)
                break;

            if (lines.Count > MaxLines)
            {
                errors.Add(new BatchError("too_many_requests", $"A batch has {MaxLines} requests at most.", null, null));
                break;
            }
        }

        if (lines.Count == 0 && errors.Count == 0)
            errors.Add(new BatchError("empty_file", "The file has no requests.", null, null));

        return (lines, errors);
    }

    /// <summary>A line of the results.</summary>
    /// <param name="id">The line's name here.</param>
    /// <param name="customId">Its own.</param>
    /// <param name="status">The status of the reply; null where there is none, and then there is a fault.</param>
    /// <param name="requestId">The name of the request.</param>
    /// <param name="body">The reply's JSON.</param>
    /// <param name="code">A word for why there is no reply.</param>
    /// <param name="message">Why there is none.</param>
    public static byte[] Write(
        string id, string customId, int? status, string? requestId, ReadOnlyMemory<byte> body, string? code, string? message)
    {
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter writer = new(output, WireJson.Options))
        {
            writer.WriteStartObject();
            writer.WriteString("id", id);
            writer.WriteString("custom_id", customId);
            if (status is { } known)
            {
                writer.WriteStartObject("response");
                writer.WriteNumber("status_code", known);
                writer.WriteString("request_id", requestId);
                writer.WritePropertyName("body");
                writer.WriteRawValue(body.Span, skipInputValidation: true);
                writer.WriteEndObject();
                writer.WriteNull("error");
            }
            else
            {
                writer.WriteNull("response");
                writer.WriteStartObject("error");
                writer.WriteString("code", code);
                writer.WriteString("message", message);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    private static BatchError? Check(
        ReadOnlyMemory<byte> line, string endpoint, HashSet<string> names, out string name, out byte[] body)
    {
        (name, body) = ("", []);
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(line, Strict);
        }
        catch (JsonException fault)
        {
            return new BatchError("invalid_json_line", $"This line is not valid JSON: {JsonProblem.Of(fault)}.", null, null);
        }

        using (json)
        {
            JsonElement request = json.RootElement;
            if (request.ValueKind != JsonValueKind.Object)
                return new BatchError("invalid_json_line", "This line is not a JSON object.", null, null);

            if (TextOf(request, "custom_id") is not { Length: > 0 and <= 512 } id || id.Contains('\0', StringComparison.Ordinal))
            {
                return new BatchError(
                    "missing_required_parameter", "'custom_id' must be a text of 1 to 512 characters.", "custom_id", null);
            }

            if (TextOf(request, "method") != "POST")
                return new BatchError("invalid_method", "'method' must be 'POST'.", "method", null);
            if (TextOf(request, "url") != endpoint)
                return new BatchError("mismatched_url", $"'url' must be the batch's endpoint, '{endpoint}'.", "url", null);
            if (!request.TryGetProperty("body", out JsonElement asked) || asked.ValueKind != JsonValueKind.Object)
                return new BatchError("missing_required_parameter", "'body' must be an object.", "body", null);
            if (!names.Add(id))
                return new BatchError("duplicate_custom_id", "Another line has this 'custom_id'.", "custom_id", null);

            (name, body) = (id, Encoding.UTF8.GetBytes(asked.GetRawText()));
            return null;
        }
    }

    private static string? TextOf(JsonElement request, string name)
    {
        try
        {
            return request.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a pair of surrogates.
            return null;
        }
    }

    private static IEnumerable<Range> Split(ReadOnlyMemory<byte> content)
    {
        int begin = content.Span.StartsWith("\uFEFF"u8) ? "\uFEFF"u8.Length : 0;
        while (begin < content.Length)
        {
            int length = content.Span[begin..].IndexOf((byte)'\n');
            int end = length < 0 ? content.Length : begin + length;
            yield return begin..end;
            begin = end + 1;
        }
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.Trim(" \t\r"u8).IsEmpty;
}
