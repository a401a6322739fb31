using System.Text.Json;
using QwenSharp.Chat.Conversations;

namespace QwenSharp.Training;

/// <summary>
/// The forms that a row of data may have, told by their fields: OpenAI's messages, a text, Alpaca's, ShareGPT's, and prompts with their
/// completions. Each becomes messages or stays a text.
/// </summary>
internal static class RowForm
{
    private const string Known =
        "\"messages\", \"text\", \"conversations\" (ShareGPT), \"instruction\" and \"output\" (Alpaca), or \"prompt\" and \"completion\"";

    /// <summary>The fields that tell a form; the first that is there speaks for it.</summary>
    private static readonly (string[] Marks, Func<JsonElement, NormalRow> Read)[] Forms =
    [
        (["messages"], row => new NormalRow(row, null)),
        (["text"], row => new NormalRow(row, null)),
        (["conversations"], ShareGptRow.Read),
        (["instruction", "output"], AlpacaRow.Read),
        (["prompt", "completion"], CompletionRow.Read),
    ];

    /// <summary>A row as a conversation in OpenAI's form or a text. A field that is null counts as absent.</summary>
    /// <exception cref="JsonException">The row is of no form or of two, or lacks a field of its form; the message names it.</exception>
    public static NormalRow Normalize(JsonElement row)
    {
        JsonFields.Expect(row, JsonValueKind.Object, "The line");
        (string Mark, Func<JsonElement, NormalRow> Read)[] found =
        [
            .. Forms.Select(form => (Array.Find(form.Marks, mark => Has(row, mark)), form.Read))
                .Where(form => form.Item1 is not null)
                .Select(form => (form.Item1!, form.Read)),
        ];
        return found switch
        {
            [var (_, read)] => read(row),
            [] => throw new JsonException($"The line has no field that is learnt from: {Known}."),
            [var (one, _), var (other, _), ..] =>
                throw new JsonException($"The line has \"{one}\" and \"{other}\", which are of two forms; leave one of them out."),
        };
    }

    /// <summary>Whether a field is there and not null.</summary>
    public static bool Has(JsonElement row, string name) =>
        row.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>A field that must be there and say something.</summary>
    /// <exception cref="JsonException">It is missing, blank or no text.</exception>
    public static string Required(JsonElement row, string name, string form) =>
        JsonFields.Text(row, name) is not { } text ? throw new JsonException($"{form} has no \"{name}\".")
        : string.IsNullOrWhiteSpace(text) ? throw new JsonException($"\"{name}\" is blank.")
        : text;
}

/// <summary>A row in the form that is learnt from.</summary>
/// <param name="Json">With <c>messages</c>, or with <c>text</c>.</param>
/// <param name="Places">Where each message stands in the row as it was written; null where that is its place in <c>messages</c>.</param>
internal readonly record struct NormalRow(JsonElement Json, IReadOnlyList<string>? Places)
{
    private const string Begin = "messages[", End = "]: ";

    /// <summary>A fault in the words of the row: what is wrong with a message is wrong with the field that it was made of.</summary>
    public string Said(string fault)
    {
        int end = fault.IndexOf(End, StringComparison.Ordinal);
        return Places is not null
            && fault.StartsWith(Begin, StringComparison.Ordinal)
            && end > 0
            && int.TryParse(fault.AsSpan(Begin.Length..end), out int message)
            && message < Places.Count
                ? $"{Places[message]}: {fault[(end + End.Length)..]}"
                : fault;
    }
}
