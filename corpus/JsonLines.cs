namespace QwenSharp.Corpus;

/// <summary>Conversations as lines of JSON, in the form in which OpenAI and others take data for fine-tuning.</summary>
public static class JsonLines
{
    /// <summary>
    /// One line: <c>messages</c>, <c>tools</c> where there are any, and <c>chat_template_kwargs</c> with <c>enable_thinking</c>.
    /// </summary>
    public static string Write(Conversation conversation)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        List<(string, string)> fields = [("messages", Array(conversation.Messages.Select((message, place) => Write(message, place))))];
        if (conversation.Tools.Count > 0)
            fields.Add(("tools", Array(conversation.Tools.Select(Write))));

        fields.Add(("chat_template_kwargs", SpacedJson.Object([("enable_thinking", conversation.Thinking ? "true" : "false")])));
        return SpacedJson.Object(fields);
    }

    private static string Write(Message message, int place)
    {
        List<(string, string)> fields = [("role", SpacedJson.Text(message.Role)), ("content", SpacedJson.Text(message.Content))];
        if (message.Reasoning.Length > 0)
            fields.Add(("reasoning_content", SpacedJson.Text(message.Reasoning)));
        if (message.Calls.Count > 0)
            fields.Add(("tool_calls", Array(message.Calls.Select((call, i) => Write(call, $"call_{place}_{i}")))));

        return SpacedJson.Object(fields);
    }

    private static string Write(ToolCall call, string id) => SpacedJson.Object(
    [
        ("id", SpacedJson.Text(id)),
        ("type", "\"function\""),
        ("function", SpacedJson.Object([("name", SpacedJson.Text(call.Name)), ("arguments", SpacedJson.Text(call.Arguments))])),
    ]);

    private static string Write(Tool tool) =>
        SpacedJson.Object([
            ("type", "\"function\""),
            (
                "function",
                SpacedJson.Object([
                    ("name", SpacedJson.Text(tool.Name)),
                    ("description", SpacedJson.Text(tool.Description)),
                    ("parameters", tool.Schema()),
                ])),
        ]);

    private static string Array(IEnumerable<string> items) => $"[{string.Join(", ", items)}]";
}
