namespace QwenSharp.Training.Tests.Data;

/// <summary>Rows of other forms are the conversations that they stand for, and what is in doubt is refused.</summary>
public class RowFormTests
{
    private const string Sun =
        """{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}""";

    public static TheoryData<string, string> Twins => new()
    {
        { Sun, """{"instruction": "q", "input": "", "output": "a", "system": "s"}""" },
        { Sun, """{"id": "7", "instruction": "q", "input": null, "output": "a", "system": "s", "history": [], "text": null}""" },
        { Sun, """{"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}], "system": "s", "tools": ""}""" },
        { Sun, """{"conversations": [{"from": "system", "value": "s"}, {"from": "user", "value": "q"}, {"from": "assistant", "value": "a"}]}""" },
        { Sun, """{"prompt": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}], "completion": [{"role": "assistant", "content": "a"}]}""" },
        { Samples.Line("q", "a"), """{"prompt": "q", "completion": "a"}""" },
        { Samples.Line("q", "a"), """{"conversations": [{"role": "user", "content": "q"}, {"from": "gpt", "value": "a"}]}""" },
        { Samples.Line("q\\nmore", "a"), """{"instruction": "q", "input": "more", "output": "a"}""" },
        {
            """{"messages": [{"role": "user", "content": "b"}, {"role": "assistant", "content": "c"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}""",
            """{"instruction": "q", "output": "a", "history": [["b", "c"]]}"""
        },
        {
            """{"messages": [{"role": "user", "content": "b"}, {"role": "assistant", "content": "c", "weight": 0}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}""",
            """{"prompt": [{"role": "user", "content": "b"}, {"role": "assistant", "content": "c"}, {"role": "user", "content": "q"}], "completion": [{"role": "assistant", "content": "a"}]}"""
        },
    };

    [Theory]
    [MemberData(nameof(Twins))]
    public void A_row_of_another_form_teaches_what_its_conversation_teaches(string messages, string row)
    {
        using TemporaryFile expected = new(".jsonl", messages), written = new(".jsonl", row);
        TrainingData one = Samples.Load(expected.Path), other = Samples.Load(written.Path);
        TrainingBatch before = one.Batch(0, 1), now = other.Batch(0, 1);

        Assert.Equal(before.Tokens, now.Tokens);
        Assert.Equal(before.Weights, now.Weights);
        Assert.Equal(one.Fingerprint(), other.Fingerprint());
    }

    [Fact]
    public void Calls_and_tools_of_ShareGPT_are_those_of_OpenAI()
    {
        const string Tool = """{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}""";
        string messages = $$$$"""
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "tool_calls": [{"function": {"name": "get_weather", "arguments": {"city": "Paris"}}}]},
              {"role": "tool", "content": "sunny"}, {"role": "assistant", "content": "a"}], "tools": [{{{{Tool}}}}]}
            """.ReplaceLineEndings(" "),
            row = $$$$"""
            {"conversations": [{"from": "human", "value": "q"}, {"from": "function_call", "value": "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}"},
              {"from": "observation", "value": "sunny"}, {"from": "gpt", "value": "a"}], "tools": "[{{{{Tool.Replace("\"", "\\\"", StringComparison.Ordinal)}}}}]"}
            """.ReplaceLineEndings(" ");
        Chat.ChatTemplate template = new(Samples.Thinking);
        using TemporaryFile file = new(".jsonl", messages, row);
        (ulong Hash, ExampleText Text)[] read = [.. new ExampleFile(template, 0, null).Read(file.Path)];

        Assert.Equal(read[0].Text.Text, read[^1].Text.Text);
        Assert.Contains("get_weather", read[0].Text.Text);
        Assert.Single(read.Select(example => example.Hash).Distinct());
    }

    [Theory]
    [InlineData("\"messages\" and \"text\"", """{"messages": [], "text": "x"}""")]
    [InlineData("\"text\" and \"instruction\"", """{"instruction": "q", "output": "a", "text": "q a"}""")]
    [InlineData("\"conversations\" and \"prompt\"", """{"conversations": [], "prompt": "q"}""")]
    [InlineData("no field that is learnt from", """{"question": "q", "answer": "a"}""")]
    [InlineData("no field that is learnt from", """{"text": null}""")]
    [InlineData("no \"output\"", """{"instruction": "q"}""")]
    [InlineData("no \"instruction\"", """{"output": "a"}""")]
    [InlineData("\"output\" is blank", """{"instruction": "q", "output": " "}""")]
    [InlineData("\"input\" is a number", """{"instruction": "q", "input": 1, "output": "a"}""")]
    [InlineData("history[1] is not a question", """{"instruction": "q", "output": "a", "history": [["b", "c"], ["d"]]}""")]
    [InlineData("has no field \"outptu\"", """{"instruction": "q", "output": "a", "outptu": "b"}""")]
    [InlineData("no \"completion\"", """{"prompt": "q"}""")]
    [InlineData("\"prompt\" is neither text nor a list", """{"prompt": {}, "completion": "a"}""")]
    [InlineData("both text, or both lists", """{"prompt": "q", "completion": [{"role": "assistant", "content": "a"}]}""")]
    [InlineData("has no field \"label\"", """{"prompt": "q", "completion": "a", "label": true}""")]
    [InlineData("prompt[1]: the role \"king\"", """{"prompt": [{"role": "user", "content": "q"}, {"role": "king", "content": "k"}], "completion": [{"role": "assistant", "content": "a"}]}""")]
    [InlineData("completion[0]: ", """{"prompt": [{"role": "user", "content": "q"}], "completion": [{"role": "assistant"}]}""")]
    [InlineData("conversations[1]: \"from\" is \"king\"", """{"conversations": [{"from": "human", "value": "q"}, {"from": "king", "value": "a"}]}""")]
    [InlineData("conversations[0] has no \"value\"", """{"conversations": [{"from": "human"}]}""")]
    [InlineData("\"from\" and \"role\"", """{"conversations": [{"from": "human", "role": "user", "value": "q"}]}""")]
    [InlineData("conversations[1]: \"value\" is not JSON", """{"conversations": [{"from": "human", "value": "q"}, {"from": "function_call", "value": "f("}]}""")]
    [InlineData("not the assistant's", """{"conversations": [{"from": "human", "value": "q"}]}""")]
    [InlineData("\"tools\" is not JSON", """{"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}], "tools": "["}""")]
    public void What_is_in_doubt_is_refused_with_line_and_field(string said, string row)
    {
        using TemporaryFile file = new(".jsonl", Samples.Line("q", "a"), row);
        string message = Assert.Throws<TrainingDataException>(() => Samples.Load(file.Path)).Message;

        Assert.Contains($"{file.Path}:2: ", message);
        Assert.Contains(said, message);
    }

    [Theory]
    [InlineData(".json")]
    [InlineData(".jsonl")]
    public void One_array_holds_what_its_rows_on_lines_hold(string extension)
    {
        string[] rows = [Samples.Line("q", "a"), """{"prompt": "r", "completion": "b"}""", """{"text": "plain"}"""];
        using TemporaryFile lines = new(".jsonl", rows),
            array = new(extension, "\uFEFF \n[", string.Join(",\n", rows.Select(row => row.Replace(",", ",\n ", StringComparison.Ordinal))), "]\n");
        TrainingData one = Samples.Load(lines.Path), other = Samples.Load(array.Path);

        Assert.Equal(3, other.Training.Count);
        Assert.Equal(one.Fingerprint(), other.Fingerprint());
        Assert.Equal([1, 2, 3], TrainingRow.ReadFile(lines.Path).Select(row => row.Line));
    }

    [Fact]
    public void A_row_of_an_array_that_cannot_be_used_is_named_by_the_line_that_it_begins_on()
    {
        string good = """{"prompt": "q", "completion": "a"}""", bad = "{\"prompt\":\n \"q\"}";
        using TemporaryFile file = new(".json", "[", good + ",", bad, ", 7 ]");
        Assert.Contains($"{file.Path}:3: ", Assert.Throws<TrainingDataException>(() => Samples.Load(file.Path)).Message);
        Assert.Equal([3, 5], Samples.Load(file.Path, new() { BadLines = BadLinePolicy.Skip }).BadLines.Select(line => line.Line));

        using TemporaryFile broken = new(".json", "[", good, good, "]"), more = new(".json", "[", good, "] []");
        Assert.Contains($"{broken.Path}:3: column 1: ", Assert.Throws<TrainingDataException>(() => Samples.Load(broken.Path)).Message);
        Assert.Contains($"{more.Path}:3: ", Assert.Throws<TrainingDataException>(() => Samples.Load(more.Path)).Message);
    }
}
