using System.Text.Json;
using System.Text.RegularExpressions;
using QwenSharp.Chat;
using QwenSharp.Tests;

namespace QwenSharp.Corpus.Tests;

/// <summary>The chat template does what Qwen3's does, but for how it writes tools.</summary>
public class TemplateTests
{
    private static readonly ChatTemplate Template = new(CorpusTemplate.Text);

    // What Qwen3's template says of tools, and what this one says: all that they differ in.
    private const string QwensTools =
            @"# Tools\n\nYou may call(.|\n)*?<tools>(.|\n)*?</tools>\n\nFor each function call(.|\n)*?</tool_call>(?=<\|im_end\|>)",
        OurTools = @"<tools>(.|\n)*?</tools>";

    [Fact]
    public void Thinking_is_open_or_shut_by_the_switch()
    {
        Assert.Equal(
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
            Prompt("""{"messages": [{"role": "user", "content": "Hi"}]}"""));
        Assert.Equal(
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
            Prompt("""{"messages": [{"role": "user", "content": "Hi"}], "kwargs": {"enable_thinking": true}}"""));
        Assert.Equal(
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
            Prompt("""{"messages": [{"role": "user", "content": "Hi"}], "kwargs": {"enable_thinking": false}}"""));
    }

    [Fact]
    public void Reasoning_of_earlier_turns_is_left_out() =>
        Assert.Equal(
            "<|im_start|>user\nq1<|im_end|>\n<|im_start|>assistant\na1<|im_end|>\n<|im_start|>user\nq2<|im_end|>\n<|im_start|>assistant\n<think>\nr2\n</think>\n\na2<|im_end|>\n",
            Prompt(
                """
                {"messages": [{"role": "user", "content": "q1"}, {"role": "assistant", "content": "a1", "reasoning_content": "r1"}, {"role": "user", "content": "q2"},
                  {"role": "assistant", "content": "<think>\nr2\n</think>\n\na2"}], "add_generation_prompt": false}
                """
            ));

    [Fact]
    public void Calls_and_results_have_Qwens_form() =>
        Assert.Equal(
            "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": "
                + "1}}\n</tool_call>\n<tool_call>\n{\"name\": \"g\", \"arguments\": {\"b\": \"ü\"}}\n</tool_call><|im_end|>\n"
                + "<|im_start|>user\n<tool_response>\nx\n</tool_response>\n<tool_response>\ny\n</tool_response><|im_end|>\n<|im_start|>assistant\n",
            Prompt(
                """
                {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}},
                  {"type": "function", "function": {"name": "g", "arguments": {"b": "ü"}}}]}, {"role": "tool", "content": "x"}, {"role": "tool", "content": "y"}]}
                """
            ));

    [Fact]
    public void Tools_stand_in_the_system_turn_as_the_calls_that_they_take() =>
        Assert.Equal(
            "<|im_start|>system\nBe brief.\n\n<tools>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": string, \"unit\": "
                + "\"c\"|\"f\"?, \"days\": integer (from today)?}} Gets the weather\n"
                + "{\"name\": \"now\", \"arguments\": {}}\n</tools><|im_end|>\n<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n",
            Prompt(
                """
                {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "q"}], "tools": [
                  {"type": "function", "function": {"name": "get_weather", "description": "Gets the weather", "parameters": {"type": "object", "properties": {
                    "city": {"type": "string"}, "unit": {"type": "string", "enum": ["c", "f"]}, "days": {"type": "integer", "description": "from today"}}, "required": ["city"]}}},
                  {"type": "function", "function": {"name": "now"}}]}
                """
            ));

    [Theory]
    [InlineData("""{"type": "integer", "minimum": 2}""")]
    [InlineData("""{"type": "array", "items": {"type": "string"}}""")]
    [InlineData("""{"type": "object", "properties": {"b": {"type": "string"}}}""")]
    [InlineData("""{"type": ["string", "null"], "description": "may be left open"}""")]
    [InlineData("""{"anyOf": [{"type": "string"}, {"type": "number"}]}""")]
    [InlineData("{}")]
    [InlineData("true")]
    public void A_parameter_that_has_more_to_it_is_its_whole_schema(string schema) =>
        Assert.Contains(
            $"{{\"name\": \"f\", \"arguments\": {{\"a\": {schema}}}}}\n",
            Prompt(
                """{"messages": [{"role": "user", "content": "q"}], "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "required": ["a"], "properties": {"a": """
                    + schema
                    + "}}}}]}"));

    [Fact]
    public void Its_calls_are_read_back()
    {
        Assert.Equal("hermes", Template.Format.ToolCalls?.Names[0]);
        Assert.True(Template.Format is { Reasons: true, HasThinkingSwitch: true });
    }

    [Fact]
    public void It_renders_what_Qwen3s_own_template_renders()
    {
        using JsonDocument conversations = JsonDocument.Parse(File.ReadAllText(Fixtures.Require("chat-templates", "conversations.json")));
        Dictionary<string, JsonElement> byName = conversations
            .RootElement.EnumerateArray()
            .ToDictionary(one => one.GetProperty("name").GetString()!);
        int compared = 0;
        foreach (string line in File.ReadLines(Fixtures.Require("chat-templates", "expected.jsonl")))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            if (
                row.RootElement.GetProperty("template").GetString() != "Qwen-Qwen3-0.6B.jinja"
                || !row.RootElement.TryGetProperty("expected", out JsonElement expected))
            {
                continue;
            }

            string ours = Template
                .Render(ChatTemplateConversation.Read(byName[row.RootElement.GetProperty("conversation").GetString()!]))
                .Text;
            Assert.Equal(Regex.Replace(expected.GetString()!, QwensTools, "(tools)"), Regex.Replace(ours, OurTools, "(tools)"));
            compared++;
        }

        Assert.True(compared >= 15);
    }

    [Fact]
    public void The_prompt_of_an_exercise_begins_its_whole_text()
    {
        CorpusGenerator generator = new(4, Split.Train);
        foreach (Exercise exercise in Enumerable.Range(0, 500).Select(i => generator.At(i)))
        {
            string prompt = Rendering.Of(Template, exercise.Conversation with { Messages = exercise.Prompt }, prompt: true);
            string whole = Rendering.Of(Template, exercise.Conversation);
            Assert.StartsWith(prompt, whole);
        }
    }

    private static string Prompt(string json) => Template.Render(ChatTemplateConversation.Parse(json)).Text;
}
