using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Chat;
using QwenSharp.Tests;

namespace QwenSharp.Training.Tests.Data;

/// <summary>What of a conversation is learnt. In the expected texts it stands between ⟦ and ⟧.</summary>
public class AnswersTests
{
    [Fact]
    public void The_answer_and_the_mark_that_ends_it_are_learnt() => Assert.Equal(
        ["<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟦Hello.<|im_end|>⟧"],
        Examples(Samples.Plain, Samples.Line("Hi", "Hello.")));

    [Fact]
    public void Turns_that_later_ones_show_as_they_were_said_share_an_example() =>
        Assert.Equal(
            [
                "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n⟦b<|im_end|>⟧\n<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n⟦d<|im_end|>⟧",
            ],
            Examples(
                Samples.Plain,
                """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"},{"role":"assistant","content":"d"}]}"""
            ));

    [Fact]
    public void Reasoning_is_learnt_and_a_turn_that_is_later_shown_without_it_ends_an_example_of_its_own() =>
        Assert.Equal(
            [
                "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n⟦<think>\nR1\n</think>\n\nb<|im_end|>⟧",
                "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n⟦<think>\nR2\n</think>\n\nd<|im_end|>⟧",
            ],
            Examples(
                Samples.Thinking,
                """
                {"messages":[{"role":"user","content":"a"},{"role":"assistant","reasoning_content":"R1","content":"b"},
                             {"role":"user","content":"c"},{"role":"assistant","reasoning_content":"R2","content":"d"}]}
                """
            ));

    [Theory]
    [InlineData("kwargs")]
    [InlineData("chat_template_kwargs")]
    public void Without_thinking_the_empty_block_is_the_prompts(string name) =>
        Assert.Equal(
            ["<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n⟦b<|im_end|>⟧"],
            Examples(
                Samples.Thinking,
                $$$"""{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}],"{{{name}}}":{"enable_thinking":false}}"""
            ));

    [Theory]
    [InlineData("""{"city": "Paris", "days": 2.50}""")]
    [InlineData("""  "{\"city\":\"Paris\",\"days\":2.50}"  """)]
    public void Calls_are_learnt_and_their_results_are_not(string arguments) =>
        Assert.Equal(
            [
                "<tools>{\"type\": \"function\", \"function\": {\"name\": \"weather\", \"parameters\": {\"type\": \"object\", "
                    + "\"properties\": {}}}}</tools>\n<|im_start|>user\na<|im_end|>\n"
                    + "<|im_start|>assistant\n⟦<think>\nlook\n</think>\n\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": "
                    + "\"Paris\", \"days\": 2.5}}\n</tool_call><|im_end|>⟧\n"
                    + "<|im_start|>tool\nsun<|im_end|>\n<|im_start|>assistant\n⟦<think>\nsay\n</think>\n\nSunny.<|im_end|>⟧",
            ],
            Examples(
                Samples.Thinking,
                $$$"""
                {"messages":[{"role":"user","content":"a"},
                 {"role":"assistant","reasoning_content":"look","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"weather","arguments":{{{arguments}}}}}]},
                 {"role":"tool","tool_call_id":"1","content":"sun"},
                 {"role":"assistant","reasoning_content":"say","content":[{"type":"text","text":"Sun"},{"type":"text","text":"ny."}]}],
                 "tools":[{"type":"function","function":{"name":"weather"}}]}
                """
            ));

    [Fact]
    public void What_weighs_nothing_is_not_learnt() =>
        Assert.Equal(
            [
                "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n⟦d<|im_end|>⟧",
            ],
            Examples(
                Samples.Plain,
                """
                {"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b","weight":0},{"role":"user","content":"c"},{"role":"assistant","content":"d","weight":1}]}
                """
            ));

    [Fact]
    public void Where_the_prompt_opens_the_reasoning_the_answer_goes_on_inside() =>
        Assert.Equal(
            [
                "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n<think>\n⟦R1\n</think>\n\nb<|im_end|>⟧",
                "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n<think>\n⟦\n</think>\n\nd<|im_end|>⟧",
            ],
            Examples(
                Samples.Opening,
                """
                {"messages":[{"role":"user","content":"a"},{"role":"assistant","reasoning_content":"R1","content":"b"},{"role":"user","content":"c"},{"role":"assistant","content":"d"}]}
                """
            ));

    [Fact]
    public void Thinking_may_be_off_by_now() =>
        Assert.Equal(
            [
                "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n⟦<think>\nR1\n</think>\n\nb<|im_end|>⟧",
                "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n⟦d<|im_end|>⟧",
            ],
            Examples(
                Samples.Thinking,
                """
                {"messages":[{"role":"user","content":"a"},{"role":"assistant","reasoning_content":"R1","content":"b"},
                             {"role":"user","content":"c"},{"role":"assistant","content":"d"}],"kwargs":{"enable_thinking":false}}
                """
            ));

    [Fact]
    public void An_answer_that_does_not_continue_its_prompt_is_refused() =>
        Assert.Contains(
            "messages[1]",
            Assert
                .Throws<JsonException>(() =>
                    Examples(
                        Samples.Thinking,
                        """
                        {"messages":[{"role":"user","content":"a"},{"role":"assistant","reasoning_content":"R","content":"b"}],"kwargs":{"enable_thinking":false}}
                        """
                    ))
                .Message);

    [Theory]
    [InlineData("Qwen-QwQ-32B.jinja")]
    [InlineData("Qwen-Qwen2.5-7B-Instruct.jinja")]
    [InlineData("Qwen-Qwen3-0.6B.jinja")]
    [InlineData("Qwen3-Coder.jinja")]
    [InlineData("Qwen3.5-4B.jinja")]
    public void With_published_templates_each_answer_is_learnt_once(string template)
    {
        string[] examples = Examples(File.ReadAllText(Fixtures.Require("chat-templates", template)), """
            {"messages":[{"role":"system","content":"S"},{"role":"user","content":"Q1"},{"role":"assistant","content":"A1"},{"role":"user","content":"Q2"},
             {"role":"assistant","content":"","tool_calls":[{"type":"function","function":{"name":"F1","arguments":"{\"x\": \"V1\"}"}}]},
             {"role":"tool","content":"T1"},{"role":"assistant","content":"A2"}],
             "tools":[{"type":"function","function":{"name":"F1","description":"D","parameters":{"type":"object","properties":{"x":{"type":"string"}}}}}]}
            """);
        string[] answers = [.. examples.SelectMany(example => example.Split('⟦').Skip(1)).Select(rest => rest.Split('⟧')[0])];
        Assert.Equal(3, answers.Length);
        Assert.Contains("A1", answers[0]);
        Assert.Contains("V1", answers[1]);
        Assert.Contains("A2", answers[2]);
        Assert.All(answers, answer => Assert.EndsWith("<|im_end|>", answer));
        Assert.All(answers, answer => Assert.DoesNotContain("<|im_start|>", answer));
        Assert.DoesNotContain("T1", string.Concat(answers));
    }

    [Theory]
    [InlineData("[1]", "an array")]
    [InlineData("""{"messages":"x"}""", "\"messages\" is text")]
    [InlineData("""{"messages":[]}""", "empty")]
    [InlineData("""{"tools":[]}""", "no field that is learnt from")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}]}""", "last message")]
    [InlineData("""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a","weight":0}]}""", "weight 0")]
    [InlineData("""{"messages":[{"role":"assistant","content":"a","weight":0.5}]}""", "0.5")]
    [InlineData("""{"messages":[{"role":"user","content":"a","weight":1},{"role":"assistant","content":"a"}]}""", "\"weight\"")]
    [InlineData("""{"messages":[{"role":"assistant"}]}""", "no \"content\"")]
    [InlineData("""{"messages":[{"content":"a"}]}""", "\"role\" is missing")]
    [InlineData("""{"messages":[{"role":"robot","content":"a"}]}""", "robot")]
    [InlineData(
        """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":7}]}""",
        "messages[1]: \"content\" is a number")]
    [InlineData("""{"messages":[{"role":"assistant","content":[{"type":"image_url"}]}]}""", "image_url")]
    [InlineData("""{"messages":[{"role":"assistant","content":"a","mood":"good"}]}""", "\"mood\"")]
    [InlineData("""{"messages":[{"role":"user","content":"a","tool_calls":[]}]}""", "\"tool_calls\"")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[]}]}""", "no \"content\"")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"name":"f"}]}]}""", "no \"function\"")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"type":"magic","function":{}}]}]}""", "magic")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}]}""", "no \"arguments\"")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{"}}]}]}""", "not a JSON object")]
    [InlineData(
        """{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"[]"}}]}]}""",
        "an array where an object")]
    [InlineData(
        """{"messages":[{"role":"assistant","tool_calls":[{"foo":1,"function":{"name":"f","arguments":{}}}]}]}""",
        "a tool call has no field \"foo\"")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{},"x":1}}]}]}""", "no field \"x\"")]
    [InlineData("""{"messages":[{"role":"assistant","content":[{"type":"text","text":"a","mood":1}]}]}""", "no field \"mood\"")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"f"},"x":1}],"messages":[]}""", "a tool has no field \"x\"")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"f","x":1}}],"messages":[]}""", "no field \"x\"")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"f","parameters":[]}}],"messages":[]}""", "an array where an object")]
    [InlineData("""{"tools":[{"type":"magic","function":{"name":"f"}}],"messages":[]}""", "magic")]
    [InlineData("""{"tools":[{"type":"function","function":{}}],"messages":[]}""", "with a \"name\"")]
    [InlineData(
        """{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a","reasoning_content":"R"}]}""",
        "messages[1]: the model's template does not show the reasoning")]
    [InlineData(
        """{"messages":[{"role":"user","content":"q"},{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{}}}]}]}""",
        "does not show the call of \"f\"")]
    [InlineData(
        """{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"tools":[{"type":"function","function":{"name":"f"}}]}""",
        "does not show the tool \"f\"")]
    [InlineData("""{"messages":[{"role":"assistant","content":"a"}],"temperature":1}""", "\"temperature\"")]
    [InlineData("""{"messages":[{"role":"assistant","content":"a"}],"kwargs":{"tools":[]}}""", "\"tools\"")]
    [InlineData(
        """{"messages":[{"role":"assistant","content":"a"}],"kwargs":{"a":1},"chat_template_kwargs":{"a":1}}""",
        "chat_template_kwargs")]
    [InlineData("""{"messages":[{"role":"assistant","content":"a"}],"messages":[]}""", "messages")]
    [InlineData("""{"text":"a","messages":[]}""", "of two forms")]
    [InlineData("""{"text":"a","source":"b"}""", "no other field")]
    [InlineData("""{"text":" "}""", "blank")]
    [InlineData("""{"messages":[{"role":"assistant","content":"\ud800"}]}""", "")]
    [InlineData("""{"messages":""", "JSON")]
    public void What_cannot_be_learnt_is_refused_by_name(string line, string named)
    {
        using TemporaryFile file = new(".jsonl", Samples.Line("a", "b"), "", line);
        string message = Assert.Throws<TrainingDataException>(() => Samples.Load(file.Path)).Message;
        Assert.StartsWith($"{file.Path}:3: ", message);
        Assert.Contains(named, message);
    }

    [Theory]
    [InlineData("""{"type":"function","function":{"name":"f","description":"D","parameters":{"b":1,"a":2}}}""")]
    [InlineData("""{"function":{"strict":true,"parameters":{"b":1,"a":2},"description":"D","name":"f"},"type":"function"}""")]
    [InlineData("""{"description":"D","name":"f","parameters":{"b":1,"a":2}}""")]
    public void Tools_are_shown_in_the_one_form_that_serving_shows(string tool) =>
        Assert.StartsWith(
            "<tools>{\"type\": \"function\", \"function\": {\"name\": \"f\", \"description\": \"D\", \"parameters\": {\"b\": 1, \"a\": "
                + "2}}}</tools>",
            Assert.Single(
                Examples(
                    Samples.Thinking,
                    $$"""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"tools":[{{tool}}]}"""
                )));

    [Fact]
    public void Bytes_that_are_not_UTF_8_are_reported_wherever_they_stand()
    {
        using TemporaryFile file = new(".jsonl");
        byte[] line = Encoding.UTF8.GetBytes(
            """{"messages":[{"role":"user","content":"q"},{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"x":"~"}}}]}]}"""
        );
        line[Array.IndexOf(line, (byte)'~')] = 0xE9;
        File.WriteAllBytes(file.Path, line);
        Assert.Equal($"{file.Path}:1: The line is not UTF-8.", Assert.Throws<TrainingDataException>(() => Samples.Load(file.Path)).Message);
    }

    [Fact]
    public void A_damaged_line_is_read_or_reported()
    {
        string good = JsonNode
            .Parse(
                """
                {"messages":[{"role":"user","content":"a\n"},{"role":"assistant","reasoning_content":"r","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}}]}],
                 "tools":[{"type":"function","function":{"name":"f"}}],"kwargs":{"enable_thinking":true}}
                """
            )!
            .ToJsonString();
        Random random = new(11);
        string[] lines = [.. Enumerable.Range(0, 3_000).Select(_ => Damage(good, random)), good];
        using TemporaryFile file = new(".jsonl", lines);
        TrainingData data = TrainingData.Load(
            [file.Path],
            Samples.Tokenizer,
            new ChatTemplate(Samples.Thinking),
            new() { BadLines = BadLinePolicy.Skip },
            cancellationToken: TestContext.Current.CancellationToken);

        Assert.InRange(data.BadLines.Count, 1_000, 2_999);
        Assert.All(data.BadLines, bad => Assert.NotEmpty(bad.Reason));
    }

    private static string Damage(string line, Random random)
    {
        char[] characters = line.ToCharArray();
        for (int changes = random.Next(1, 3); changes > 0; changes--)
            characters[random.Next(characters.Length)] = "{}[]\",:\\0 nx"[random.Next(12)];
        return new string(characters);
    }

    private static string[] Examples(string template, string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        return [.. new ConversationRenderer(new ChatTemplate(template)).Render(Conversation.Read(document.RootElement)).Select(Marked)];
    }

    private static string Marked(ExampleText example)
    {
        string text = example.Text;
        foreach (Range answer in example.Answers.Where(answer => answer.IsLearnt).Select(answer => answer.Part).Reverse())
            text = text.Insert(answer.End.Value, "⟧").Insert(answer.Start.Value, "⟦");
        return text;
    }
}
