using System.Text.Json;
using QwenSharp.Chat.Conversations;

namespace QwenSharp.Training;

/// <summary>
/// ShareGPT's form: <c>conversations</c>, a list of <c>{"from": …, "value": …}</c>, with <c>system</c> and <c>tools</c> beside it.
/// What calls
/// functions has calls as JSON in its value. Entries in OpenAI's form, with <c>role</c> and <c>content</c>, are read too.
/// </summary>
internal static class ShareGptRow
{
    private const string Form = "A row of ShareGPT's form";

    private static readonly Dictionary<string, string> Roles = new()
    {
        ["human"] = "user",
        ["user"] = "user",
        ["gpt"] = "assistant",
        ["chatgpt"] = "assistant",
        ["assistant"] = "assistant",
        ["bot"] = "assistant",
        ["model"] = "assistant",
        ["system"] = "system",
        ["tool"] = "tool",
        ["function"] = "tool",
        ["observation"] = "tool",
        ["tool_response"] = "tool",
        ["function_response"] = "tool",
    };

    /// <exception cref="JsonException">An entry is of the wrong kind or its speaker unknown; the message names it.</exception>
    public static NormalRow Read(JsonElement row)
    {
        using MessagesWriter messages = new();
        if (JsonFields.Text(row, "system") is { } system && !string.IsNullOrWhiteSpace(system))
            messages.Add("\"system\"", "system", system);

        JsonElement entries = row.GetProperty("conversations");
        JsonFields.Expect(entries, JsonValueKind.Array, "\"conversations\"");
        foreach ((int i, JsonElement entry) in entries.EnumerateArray().Index())
        {
            string place = $"conversations[{i}]";
            JsonFields.Expect(entry, JsonValueKind.Object, place);
            if (!RowForm.Has(entry, "role"))
                Add(place, entry, messages);
            else if (!RowForm.Has(entry, "from"))
                messages.Copy(place, entry, isLearnt: true);
            else
                throw new JsonException($"{place} has \"from\" and \"role\"; leave one of them out.");
        }

        return messages.Finish(row, Form, "conversations", "system");
    }

    private static void Add(string place, JsonElement entry, MessagesWriter messages)
    {
        JsonFields.RequireFields(entry, place, "from", "value", "weight");
        string from = JsonFields.Text(entry, "from") ?? throw new JsonException($"{place} has no \"from\"."),
            value = JsonFields.Text(entry, "value") ?? throw new JsonException($"{place} has no \"value\".");
        string speaker = from.Replace('-', '_');
        if (speaker is "function_call" or "tool_call")
        {
            JsonElement calls = MessagesWriter.ParseText(value, $"{place}: \"value\"");
            messages.AddCalls(place, calls.ValueKind == JsonValueKind.Array ? calls.EnumerateArray() : [calls]);
        }
        else
        {
            string role = Roles.TryGetValue(speaker, out string? known)
                ? known
                : throw new JsonException($"{place}: \"from\" is \"{from}\"; it may be function_call, {string.Join(", ", Roles.Keys)}.");
            messages.Add(place, role, value, entry.TryGetProperty("weight", out JsonElement weight) ? weight : null);
        }
    }
}
