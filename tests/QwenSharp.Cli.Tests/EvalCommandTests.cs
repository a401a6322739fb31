using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Cli.Eval;
using QwenSharp.Corpus;
using QwenSharp.Corpus.Expectations;
using QwenSharp.Formats;

namespace QwenSharp.Cli.Tests;

public sealed class EvalCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_client_that_answers_as_it_was_taught_is_all_right()
    {
        Exercise[] exercises = Exercises(60);
        IReadOnlyList<Judged> judged = await new BoxEvaluation(
            new Scripted(exercises, exercise => exercise.Conversation.Messages[^1]),
            4
        ).RunAsync(exercises, _ => { }, TestContext.Current.CancellationToken);
        IReadOnlyList<GoalScore> scores = BoxEvaluation.Score(judged);

        Assert.All(judged, one => Assert.Null(one.Fault));
        Assert.Equal(Goal.All.Count, scores.Count);
        Assert.All(scores, score => Assert.Equal((100.0, true), (score.Percent, score.IsMet)));
    }

    [Fact]
    public async Task A_client_that_always_says_the_same_meets_no_goal()
    {
        Exercise[] exercises = Exercises(60);
        IReadOnlyList<Judged> judged = await new BoxEvaluation(new Scripted(exercises, _ => new Message("assistant", "Yes.")), 4).RunAsync(
            exercises,
            _ => { },
            TestContext.Current.CancellationToken);

        Assert.All(BoxEvaluation.Score(judged).Where(score => score.Goal.Percent is not null), score => Assert.False(score.IsMet));
        Assert.Equal(exercises, judged.Select(one => one.Exercise));
    }

    /// <summary>What is measured is what was trained on: the request renders as the line does.</summary>
    [Fact]
    public void An_exercise_asked_is_the_exercise_written()
    {
        ChatTemplate template = new(CorpusTemplate.Text);
        foreach (Exercise exercise in Exercises(60))
        {
            using JsonDocument line = JsonDocument.Parse(JsonLines.Write(exercise.Conversation with { Messages = exercise.Prompt }));
            string written = template
                .Render(
                    new ChatTemplateConversation
                    {
                        Messages = line.RootElement.GetProperty("messages").Clone(),
                        Tools = line.RootElement.TryGetProperty("tools", out JsonElement tools) ? tools.Clone() : null,
                        Arguments = new Dictionary<string, JsonElement>
                        {
                            ["enable_thinking"] = JsonElement.Parse(exercise.Conversation.Thinking ? "true" : "false"),
                        },
                    })
                .Text;
            ChatOptions options = ExerciseChat.Options(exercise);
            options.AdditionalProperties = new()
            {
                [ChatOptionKeys.ChatTemplateKwargs] = new Dictionary<string, object?>
                {
                    ["enable_thinking"] = exercise.Conversation.Thinking,
                },
            };
            Assert.Equal(written, template.Render(ExerciseChat.Messages(exercise), options).Text);
        }
    }

    [Fact]
    public async Task A_random_model_is_below_every_target_and_the_exit_code_says_so()
    {
        string model = Templated(RandomCheckpoint.Write(_folder["random.gguf"]));
        Invocation evaluated = await Invocation.RunAsync(
            "eval",
            "box",
            "--model",
            model,
            "--prompts",
            "1",
            "--skill",
            "phrases",
            "--failures",
            _folder["wrong.jsonl"],
            "--json");

        Assert.Equal(ExitCode.Failure, evaluated.Code);
        Assert.Contains("Below target: phrases", evaluated.Error);
        JsonElement part = evaluated.Json().GetProperty("parts")[0];
        Assert.Equal(
            (1, 0, false),
            (part.GetProperty("cases").GetInt32(), part.GetProperty("right").GetInt32(), part.GetProperty("met").GetBoolean()));
        using JsonDocument wrong = JsonDocument.Parse(File.ReadAllLines(_folder["wrong.jsonl"]).Single());
        Assert.Equal("phrases", wrong.RootElement.GetProperty("skill").GetString());
        Assert.NotEmpty(wrong.RootElement.GetProperty("fault").GetString()!);
    }

    [Fact]
    public async Task What_cannot_be_is_one_line()
    {
        (await Invocation.RunAsync("eval", "box", "--model", _folder["absent.gguf"])).AssertFails(ExitCode.Failure, "absent.gguf");
        (await Invocation.RunAsync("eval", "box", "--skill", "singing")).AssertFails(ExitCode.Usage, "singing");
        (await Invocation.RunAsync("eval", "box", "--prompts", "0")).AssertFails(ExitCode.Usage, "--prompts");
    }

    /// <summary>A file's own answers are right, whatever their form; and each other answer is wrong in what differs.</summary>
    [Fact]
    public void The_answers_of_a_file_are_judged_by_their_form()
    {
        IReadOnlyList<DataCase> cases = Cases(
            """{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": " Hello\n"}]}""",
            """{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "{\"a\": 1, \"b\": [true, null]}", "weight": 1}], "kwargs": {"enable_thinking": false}}""",
            """
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {"x": 1}}}]}, {"role": "tool", "content": "2"}, {"role": "assistant", "content": "two"},
              {"role": "user", "content": "r"}, {"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": "{\"x\": 3}"}}, {"type": "function", "function": {"name": "g", "arguments": {}}}]}],
              "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]}
            """.ReplaceLineEndings(" "));

        Assert.Equal([AnswerForm.Text, AnswerForm.Json, AnswerForm.Calls], cases.Select(one => one.Form));
        Assert.Equal([1, 1, 5], cases.Select(one => one.Messages.Count));
        Assert.All(cases, one => Assert.Null(one.Fault(one.Expected)));

        Assert.Null(cases[0].Fault(Says("Hello")));
        Assert.NotNull(cases[0].Fault(Says("hello")));
        Assert.Null(cases[1].Fault(Says("""{ "b":[true,null], "a":1 }""")));
        Assert.NotNull(cases[1].Fault(Says("""{"a": 2, "b": [true, null]}""")));
        Assert.Equal((2, 1), cases[1].CountFields(Says("""{"a": 2, "b": [true, null]}""")));
        Assert.Equal((2, 0), cases[1].CountFields(Says("""{"a": 1, "a": 1}""")));
        Assert.Equal((2, 0), cases[1].CountFields(Says("a: 1")));
        Assert.Null(cases[2].Fault(Says("", new ToolCall("g", "{}"), new ToolCall("f", """{"x":3}"""))));
        Assert.NotNull(cases[2].Fault(Says("", new ToolCall("f", """{"x": 4}"""), new ToolCall("g", "{}"))));
        Assert.NotNull(cases[2].Fault(Says("two")));
        Assert.NotNull(cases[1].Fault(Says("""{"a": 1e99999999999, "b": [true, null]}""")));
        Assert.Equal((2, 1), cases[1].CountFields(Says("""{"a": 1e99999999999, "b": [true, null]}""")));
        Assert.Equal((2, 1), cases[1].CountFields(Says("""{"a": "\ud800", "b": [true, null]}""")));
        Assert.NotNull(cases[0].Fault(Says("Hello", new ToolCall("g", "{}"))));
    }

    [Theory]
    [InlineData("""{"messages": [{"role": "user", "content": "q"}]}""", "question and its answer")]
    [InlineData("""{"messages": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "q"}]}""", "not the assistant's")]
    [InlineData("""{"text": "once upon a time"}""", "only conversations")]
    [InlineData(
        """{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{city: Rome}"}}]}]}""",
        "messages[1].tool_calls[0]: the \"arguments\" of \"f\" are not a JSON object")]
    [InlineData(
        """{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "tool_calls": [{"function": {"arguments": "{}"}}]}]}""",
        "no \"name\"")]
    [InlineData("""[]""", "where an object belongs")]
    [InlineData("""{"instruction": "q"}""", "no \"output\"")]
    [InlineData("""{"question": "q", "answer": "a"}""", "no field that is learnt from")]
    [InlineData("""{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": ""}]}""", "empty")]
    [InlineData("""{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "tols": []}""", "tols")]
    [InlineData("""{"messages": [{"role": "king", "content": "q"}, {"role": "assistant", "content": "a"}]}""", "king")]
    [InlineData(
        """{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "temperature": 1}""",
        "no field \"temperature\"")]
    [InlineData("""{"messages": """, "end of the JSON payload")]
    public void A_line_that_cannot_be_asked_is_named(string line, string problem)
    {
        string message = Assert
            .Throws<InvalidDataException>(() =>
                Cases("", """{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}""", line))
            .Message;
        Assert.Contains("data.jsonl:3: ", message);
        Assert.Contains(problem, message);
    }

    [Fact]
    public void Rows_of_all_forms_are_asked_and_their_last_answer_is_the_right_one()
    {
        string[] rows =
        [
            """{"instruction": "q", "input": "more", "output": "a"}""",
            """{"prompt": "q", "completion": "a"}""",
            """{"conversations": [{"from": "human", "value": "p"}, {"from": "gpt", "value": "b"}, {"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}""",
            """{"prompt": [{"role": "user", "content": "p"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "q"}], "completion": [{"role": "assistant", "content": "a"}]}""",
        ];
        IReadOnlyList<DataCase> cases = Cases(rows);
        Assert.Equal(["q\nmore", "q", "q", "q"], cases.Select(one => one.Messages[^1].Text));
        Assert.Equal([1, 1, 3, 3], cases.Select(one => one.Messages.Count));
        Assert.All(cases, one => Assert.Equal("a", one.Expected.Text));

        File.WriteAllText(_folder["data.json"], $"[{string.Join(",\n", rows)}]");
        Assert.Equal([1, 2, 3, 4], DataCase.Read(_folder["data.json"], 16).Select(one => one.Line));
    }

    [Fact]
    public async Task The_prompts_that_a_person_wrote_are_asked_alone_part_by_part()
    {
        string model = Templated(RandomCheckpoint.Write(_folder["random.gguf"]));
        Invocation evaluated = await Invocation.RunAsync("eval", "box", "--model", model, "--hand-written", "--json");
        JsonElement[] written = [.. evaluated.Json().GetProperty("hand_written").EnumerateArray()];

        Assert.Equal(ExitCode.Ok, evaluated.Code);
        Assert.Empty(evaluated.Json().GetProperty("parts").EnumerateArray());
        Assert.Equal((100, 30), (written[^2].GetProperty("cases").GetInt32(), written[^1].GetProperty("cases").GetInt32()));
        Assert.Equal(100, written[..^2].Sum(part => part.GetProperty("cases").GetInt32()));
        (await Invocation.RunAsync("eval", "box", "--hand-written", "--skill", "tools")).AssertFails(ExitCode.Usage, "--skill is for");
    }

    [Fact]
    public async Task A_file_is_asked_and_counted()
    {
        string model = Templated(RandomCheckpoint.Write(_folder["random.gguf"]));
        Cases(
            """{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "{\"a\": 1}"}]}""",
            """{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "Never said."}]}"""
        );
        Invocation evaluated = await Invocation.RunAsync(
            "eval",
            "data",
            _folder["data.jsonl"],
            "--model",
            model,
            "--max-tokens",
            "4",
            "--failures",
            _folder["wrong.jsonl"],
            "--json");

        Assert.Equal(ExitCode.Ok, evaluated.Code);
        Assert.Equal((2, 0), (evaluated.Json().GetProperty("cases").GetInt32(), evaluated.Json().GetProperty("right").GetInt32()));
        Assert.Equal(
            ["text", "JSON"],
            evaluated.Json().GetProperty("forms").EnumerateArray().Select(form => form.GetProperty("name").GetString()));
        Assert.Equal(
            [1, 2],
            File.ReadAllLines(_folder["wrong.jsonl"]).Select(line => JsonElement.Parse(line).GetProperty("line").GetInt32()));

        (
            await Invocation.RunAsync("eval", "data", _folder["data.jsonl"], "--model", model, "--failures", _folder["data.jsonl"])
        ).AssertFails(ExitCode.Usage, "data.jsonl");
        (await Invocation.RunAsync("eval", "data", _folder["absent.jsonl"], "--model", model)).AssertFails(
            ExitCode.Failure,
            "absent.jsonl");
    }

    private IReadOnlyList<DataCase> Cases(params string[] lines)
    {
        File.WriteAllLines(_folder["data.jsonl"], lines);
        return DataCase.Read(_folder["data.jsonl"], 16);
    }

    private static Answer Says(string text, params ToolCall[] calls) => new(text, "", calls);

    private static Exercise[] Exercises(int each)
    {
        CorpusGenerator generator = new(2, Split.HeldOut);
        return [.. CorpusGenerator.Skills.SelectMany(skill => Enumerable.Range(0, each).Select(i => generator.At(skill, i)))];
    }

    private string Templated(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        GgufWriter writer = new();
        foreach ((string key, GgufValue value) in file.Metadata)
            writer.Add(key, value);

        writer.Add("tokenizer.chat_template", GgufValue.Of(CorpusTemplate.Text));
        foreach (QwenSharp.Numerics.Tensor tensor in file.Tensors)
            writer.AddTensor(tensor);

        string templated = _folder["templated.gguf"];
        writer.Save(templated);
        return templated;
    }

    /// <summary>Answers each exercise, recognised by its messages, with a message.</summary>
    private sealed class Scripted(Exercise[] exercises, Func<Exercise, Message> answer) : IChatClient
    {
        private readonly Dictionary<string, Exercise> _byPrompt = exercises.DistinctBy(Key).ToDictionary(Key);

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default)
        {
            Message said = answer(_byPrompt[Key(messages)]);
            List<AIContent> contents = said.Reasoning.Length > 0 ? [new TextReasoningContent(said.Reasoning)] : [];
            contents.Add(new TextContent(said.Content));
            contents.AddRange(
                said.Calls.Select(
                    (call, i) =>
                        new FunctionCallContent($"c{i}", call.Name, JsonSerializer.Deserialize<Dictionary<string, object?>>(call.Arguments))
                ));
            return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, contents)));
        }

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            foreach (ChatResponseUpdate update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
                yield return update;
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }

        private static string Key(Exercise exercise) => Key(ExerciseChat.Messages(exercise));

        private static string Key(IEnumerable<ChatMessage> messages) =>
            string.Join(
                '\n',
                messages
                    .SelectMany(message => message.Contents)
                    .Select(content =>
                        content switch
                        {
                            TextContent text => text.Text,
                            FunctionResultContent result => (string)result.Result!,
                            FunctionCallContent call => call.Name,
                            _ => "",
                        }));
    }
}
