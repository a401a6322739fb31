using System.Text.Json;
using QwenSharp.Chat.Conversations;

namespace QwenSharp.Training;

/// <summary>
/// Alpaca's form: <c>instruction</c>, <c>input</c> (which may be absent or blank), <c>output</c>; and the turns before, as
/// <c>system</c> and
/// <c>history</c>, pairs of a question and its answer. Instruction and input are one message, a line end between them.
/// </summary>
internal static class AlpacaRow
{
    private const string Form = "A row of Alpaca's form";

    /// <exception cref="JsonException">A field is missing, blank or of the wrong kind; the message names it.</exception>
    public static NormalRow Read(JsonElement row)
    {
        using MessagesWriter messages = new();
        if (JsonFields.Text(row, "system") is { } system && !string.IsNullOrWhiteSpace(system))
            messages.Add("\"system\"", "system", system);
        if (RowForm.Has(row, "history"))
            AddHistory(row.GetProperty("history"), messages);

        string instruction = RowForm.Required(row, "instruction", Form), input = JsonFields.Text(row, "input") ?? "";
        messages.Add("\"instruction\"", "user", string.IsNullOrWhiteSpace(input) ? instruction : $"{instruction}\n{input}");
        messages.Add("\"output\"", "assistant", RowForm.Required(row, "output", Form));
        return messages.Finish(row, Form, "instruction", "input", "output", "system", "history");
    }

    private static void AddHistory(JsonElement history, MessagesWriter messages)
    {
        JsonFields.Expect(history, JsonValueKind.Array, "\"history\"");
        foreach ((int turn, JsonElement pair) in history.EnumerateArray().Index())
        {
            if (
                pair.ValueKind != JsonValueKind.Array
                || pair.GetArrayLength() != 2
                || pair.EnumerateArray().Any(text => text.ValueKind != JsonValueKind.String))
            {
                throw new JsonException($"history[{turn}] is not a question and its answer, [\"…\", \"…\"].");
            }

            messages.Add($"history[{turn}][0]", "user", pair[0].GetString()!);
            messages.Add($"history[{turn}][1]", "assistant", pair[1].GetString()!);
        }
    }
}
