namespace QwenSharp.Corpus;

/// <summary>A conversation in OpenAI's terms.</summary>
/// <param name="Messages">The messages; in an exercise the last is the answer to be learnt.</param>
/// <param name="Tools">The tools on offer; empty for none.</param>
/// <param name="Thinking">Whether the model may reason before it answers: the template's <c>enable_thinking</c>.</param>
public sealed record Conversation(IReadOnlyList<Message> Messages, IReadOnlyList<Tool> Tools, bool Thinking);

/// <summary>One message.</summary>
/// <param name="Role">system, user, assistant or tool.</param>
/// <param name="Content">Its text; empty beside tool calls.</param>
public sealed record Message(string Role, string Content)
{
    /// <summary>What an assistant thought before the answer; empty for nothing.</summary>
    public string Reasoning { get; init; } = "";

    /// <summary>The tools that an assistant calls.</summary>
    public IReadOnlyList<ToolCall> Calls { get; init; } = [];

    internal static Message User(string text) => new("user", text);

    internal static Message Assistant(string text) => new("assistant", text);
}

/// <summary>A call of a tool.</summary>
/// <param name="Name">The tool's name.</param>
/// <param name="Arguments">A JSON object.</param>
public sealed record ToolCall(string Name, string Arguments);

/// <summary>A tool that may be called.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does, in a few words.</param>
/// <param name="Parameters">Its parameters in their order.</param>
public sealed record Tool(string Name, string Description, IReadOnlyList<ToolParameter> Parameters)
{
    /// <summary>A schema that is given as it is, in place of the one that follows from the parameters.</summary>
    internal string? GivenSchema { get; init; }

    /// <summary>The JSON schema of its arguments.</summary>
    public string Schema()
    {
        if (GivenSchema is not null)
            return GivenSchema;

        IEnumerable<(string, string)> properties = Parameters.Select(parameter => (parameter.Name, parameter.Schema()));
        string required = string.Join(
            ", ",
            Parameters.Where(parameter => parameter.IsRequired).Select(parameter => SpacedJson.Text(parameter.Name)));
        return SpacedJson.Object([("type", "\"object\""), ("properties", SpacedJson.Object(properties)), ("required", $"[{required}]")]);
    }
}

/// <summary>A parameter of a tool.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its JSON type.</param>
/// <param name="Values">The values that it may have; empty for any.</param>
/// <param name="IsRequired">Whether a call must give it.</param>
public sealed record ToolParameter(string Name, string Type, IReadOnlyList<string> Values, bool IsRequired)
{
    internal string Schema() => Values.Count == 0
        ? SpacedJson.Object([("type", SpacedJson.Text(Type))])
        : SpacedJson.Object([("type", SpacedJson.Text(Type)), ("enum", $"[{string.Join(", ", Values.Select(SpacedJson.Text))}]")]);
}
