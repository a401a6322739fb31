using System.Text.Json;

namespace QwenSharp.Training;

/// <summary>
/// A <c>prompt</c> and its <c>completion</c>: both text, which are a user's message and the answer to it, or both lists of messages,
/// of which
/// the completion's are learnt alone.
/// </summary>
internal static class CompletionRow
{
    private const string Form = "A row with a prompt and a completion";

    /// <exception cref="JsonException">One of the two is missing or of another kind; the message names it.</exception>
    public static NormalRow Read(JsonElement row)
    {
        using MessagesWriter messages = new();
        if (KindOf(row, "prompt") != KindOf(row, "completion"))
            throw new JsonException("\"prompt\" and \"completion\" must be of one kind: both text, or both lists of messages.");

        if (KindOf(row, "prompt") == JsonValueKind.String)
        {
            messages.Add("\"prompt\"", "user", RowForm.Required(row, "prompt", Form));
            messages.Add("\"completion\"", "assistant", RowForm.Required(row, "completion", Form));
        }
        else
        {
            Copy(row, "prompt", isLearnt: false, messages);
            Copy(row, "completion", isLearnt: true, messages);
        }

        return messages.Finish(row, Form, "prompt", "completion");
    }

    private static JsonValueKind KindOf(JsonElement row, string name) =>
        !RowForm.Has(row, name) ? throw new JsonException($"{Form} has no \"{name}\".")
        : row.GetProperty(name).ValueKind is JsonValueKind.String or JsonValueKind.Array ? row.GetProperty(name).ValueKind
        : throw new JsonException($"\"{name}\" is neither text nor a list of messages.");

    private static void Copy(JsonElement row, string name, bool isLearnt, MessagesWriter messages)
    {
        JsonElement list = row.GetProperty(name);
        if (list.GetArrayLength() == 0)
            throw new JsonException($"\"{name}\" is empty.");

        foreach ((int i, JsonElement message) in list.EnumerateArray().Index())
            messages.Copy($"{name}[{i}]", message, isLearnt);
    }
}
