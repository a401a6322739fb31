using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Errors;

/// <summary>What a refusal says, whichever of the envelopes it comes in.</summary>
/// <param name="Status">The HTTP status, or the one that a stream names; null where there is none.</param>
/// <param name="Message">Its sentence.</param>
/// <param name="Codes">All words that class it, in lower case: codes, types, statuses, reasons.</param>
/// <param name="Parameter">The field at fault; null where it is not said.</param>
internal sealed record ErrorBody(int? Status, string Message, IReadOnlyList<string> Codes, string? Parameter)
{
    // The members of an envelope that class an error. "code" may be a number.
    private static readonly string[] Classes = ["code", "type", "status", "reason", "__type", "error_type", "error_code"];

    /// <summary>The head of the reply; null in a stream.</summary>
    public HttpResponseHeaders? Headers { get; init; }

    /// <summary>The longest time that the body asks to be left alone; null where it does not.</summary>
    public string? RetryDelay { get; init; }

    /// <summary>Whether one of the codes is a word.</summary>
    public bool Is(params ReadOnlySpan<string> words)
    {
        foreach (string word in words)
        {
            if (Codes.Contains(word))
                return true;
        }

        return false;
    }

    /// <summary>Whether the sentence holds one of some phrases.</summary>
    public bool Says(params ReadOnlySpan<string> phrases)
    {
        foreach (string phrase in phrases)
        {
            if (Message.Contains(phrase, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    /// <summary>Reads the body of a reply.</summary>
    public static ErrorBody Read(ReadOnlyMemory<byte> body, HttpResponseHeaders headers, int status)
    {
        ErrorBody read;
        try
        {
            using JsonDocument document = JsonDocument.Parse(Unframed(body));
            read = Read(document.RootElement, status);
        }
        catch (JsonException)
        {
            read = new ErrorBody(status, Encoding.UTF8.GetString(body.Span).Trim(), [], null);
        }

        // Amazon's class is in the head, sometimes with an address behind it.
        if (headers.TryGetValues("x-amzn-errortype", out IEnumerable<string>? types))
            read = read with { Codes = [.. read.Codes, types.First().Split(':')[0].ToLowerInvariant()] };

        return read with { Headers = headers };
    }

    /// <summary>Reads an envelope.</summary>
    /// <param name="envelope">
    /// <c>{"error": {…}}</c>, <c>{"error": "…"}</c>, a bare error, or one of these in an array.
    /// </param>
    /// <param name="status">The status; null where only the envelope may say.</param>
    public static ErrorBody Read(JsonElement envelope, int? status)
    {
        if (envelope.ValueKind == JsonValueKind.Array && envelope.GetArrayLength() > 0)
            envelope = envelope[0];

        JsonElement error = envelope.Member("error") ?? envelope;
        List<string> codes = [];
        string? delay = null;
        Collect(error, codes);
        if (envelope.Text("code") is { } outer && error.ValueKind != JsonValueKind.Object)
            codes.Add(outer.ToLowerInvariant());

        foreach (JsonElement detail in error.Items("details"))
        {
            Collect(detail, codes);
            delay = detail.Text("retryDelay") ?? delay;
            codes.AddRange(detail.Items("violations").Select(violation => violation.Text("quotaId")?.ToLowerInvariant()).OfType<string>());
        }

        foreach (string inner in (string[])["details", "innererror", "metadata"])
        {
            if (error.Member(inner) is { ValueKind: JsonValueKind.Object } more)
                Collect(more, codes);
        }

        // A router that was refused itself tells by whom and why.
        if (error.Member("metadata", "reasons") is not null)
            codes.Add("moderation");

        string message = Sentence(error) ?? Sentence(envelope) ?? envelope.GetRawText();
        if (error.Member("metadata")?.Text("raw") is { } raw)
            message = $"{message} ({raw})";

        int? named = status ?? (int?)(error.Count("status") ?? error.Count("code") ?? error.Count("statusCode"));
        return new ErrorBody(named, message, codes, error.Text("param")) { RetryDelay = delay };
    }

    private static void Collect(JsonElement value, List<string> codes)
    {
        codes.AddRange(Classes.Select(name => value.Word(name)).OfType<string>().Select(word => word.ToLowerInvariant()));
    }

    private static string? Sentence(JsonElement value) =>
        value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : value.Text("message") ?? value.Text("Message") ?? value.Text("detail") ?? value.Text("msg")
                ?? (value.Member("message") ?? value.Member("detail"))?.GetRawText();

    // An error of a stream's may come as its only event.
    private static ReadOnlyMemory<byte> Unframed(ReadOnlyMemory<byte> body)
    {
        ReadOnlySpan<byte> text = body.Span.TrimStart(" \t\r\n\uFEFF"u8);
        if (text.IsEmpty || text[0] is (byte)'{' or (byte)'[' or (byte)'"')
            return body.Span.StartsWith("\uFEFF"u8) ? body[3..] : body;

        SseReader events = new();
        events.Append(body.Span);
        events.Close();
        return events.TryRead(out WireEvent only) ? only.Data : body;
    }
}
