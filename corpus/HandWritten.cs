using System.Text.Json;
using QwenSharp.Corpus.Expectations;
using QwenSharp.Corpus.Skills;

namespace QwenSharp.Corpus;

/// <summary>
/// A hundred prompts and thirty requests for tools that a person wrote without a look at the generator: what the model in the box does with
/// words that are not the generator's. They are <c>box/hand-written.json</c>, and never trained on.
/// </summary>
/// <remarks>
/// A prompt has a part, what is asked, and one way to judge the answer: <c>says</c> (texts of <see cref="Mentions"/>), <c>declines</c>,
/// <c>exact</c>, <c>json</c>, <c>number</c>, <c>begins</c>, <c>phrase</c> (any of them), <c>story</c> (what it is about) or
/// <c>calls</c>. The names of its tools, and a call with its result that are already there, may stand beside it; and <c>think</c>,
/// false to forbid it.
/// </remarks>
public static class HandWritten
{
    /// <summary>The part of the requests for tools.</summary>
    public const string Calls = "tool calls";

    private static readonly JsonElement Root = JsonElement.Parse(DataFile.Text("hand-written.json"));

    private static readonly Dictionary<string, Tool> Tools = Root
        .GetProperty("tools")
        .EnumerateArray()
        .Select(ReadTool)
        .ToDictionary(tool => tool.Name);

    /// <summary>The exercises, the requests for tools last; the part is their skill, and what is judged their kind.</summary>
    public static IReadOnlyList<Exercise> All { get; } =
    [
        .. Root.GetProperty("prompts").EnumerateArray().Select(prompt => Read(prompt, Text(prompt, "part"))),
        .. Root.GetProperty("calls").EnumerateArray().Select(prompt => Read(prompt, Calls)),
    ];

    private static Exercise Read(JsonElement prompt, string part)
    {
        List<Message> messages = [Message.User(Text(prompt, "ask"))];
        if (prompt.TryGetProperty("call", out JsonElement call))
        {
            messages.Add(new Message("assistant", "") { Calls = [ReadCall(call)] });
            messages.Add(new Message("tool", Text(prompt, "result")));
        }

        JsonProperty judge = JudgeOf(prompt);
        messages.Add(
            judge.Name == "calls"
                ? Message.Assistant("") with { Calls = [.. judge.Value.EnumerateArray().Select(ReadCall)] }
                : Message.Assistant(judge.Value.ToString()));
        Tool[] tools = prompt.TryGetProperty("tools", out JsonElement names)
            ? [.. names.EnumerateArray().Select(name => Tools[name.GetString()!])]
            : [];
        bool thinks = !prompt.TryGetProperty("think", out JsonElement think) || think.GetBoolean();
        return new Exercise(part, judge.Name, new Conversation(messages, tools, thinks), ExpectationOf(judge));
    }

    /// <summary>The one field of a prompt that tells how its answer is judged.</summary>
    private static JsonProperty JudgeOf(JsonElement prompt)
    {
        JsonProperty[] found =
        [
            .. prompt.EnumerateObject().Where(field => field.Name is not ("part" or "ask" or "tools" or "call" or "result" or "think")),
        ];
        return found is [var judge]
            ? judge
            : throw new FormatException($"'{Text(prompt, "ask")}' has {found.Length} judges; one is wanted.");
    }

    private static Expectation ExpectationOf(JsonProperty judge) => judge.Name switch
    {
        "says" => Mentions.Of(string.Join(" & ", Texts(judge.Value))),
        "declines" => Mentions.Of("can't|cannot|not able|none of my tools"),
        "exact" => new Repeats(judge.Value.GetString()!),
        "json" => new IsJson(judge.Value.GetRawText()),
        "number" => new SaysNumber(judge.Value.GetInt32(), null),
        "begins" => new BeginsWith(judge.Value.GetString()!, null),
        "phrase" => new SaysPhrase([.. Texts(judge.Value)]),
        "story" => new TellsStory([.. Texts(judge.Value)], Stories.Names),
        "calls" => new CallsTools([.. judge.Value.EnumerateArray().Select(ReadCall)]),
        _ => throw new FormatException($"There is no judge '{judge.Name}'."),
    };

    private static Tool ReadTool(JsonElement tool) =>
        new(Text(tool, "name"), Text(tool, "description"), []) { GivenSchema = tool.GetProperty("parameters").GetRawText() };

    private static ToolCall ReadCall(JsonElement call) => new(Text(call, "name"), call.GetProperty("arguments").GetRawText());

    private static string Text(JsonElement owner, string name) => owner.GetProperty(name).GetString()!;

    private static IEnumerable<string> Texts(JsonElement list) => list.EnumerateArray().Select(text => text.GetString()!);
}
