using System.Text.Json;
using QwenSharp.Chat;
using QwenSharp.Tests;

namespace QwenSharp.Corpus.Tests;

/// <summary>The chat template does what Qwen3's does, but for the words before the tools.</summary>
public class TemplateTests
{
    private static readonly ChatTemplate Template = new(CorpusTemplate.Text);

    private const string Before = "# Tools\n<tools>";

    private const string After = "\n</tools>\nCall: <tool_call>\n{\"name\": \"...\", \"arguments\": {...}}\n</tool_call><|im_end|>\n";

    private const string QwenBefore =
        "# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>";

    private const string QwenAfter =
        "\n</tools>\n\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call><|im_end|>\n";

    [Fact]
    public void Thinking_is_open_or_shut_by_the_switch()
    {
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", Prompt("""{"messages": [{"role": "user", "content": "Hi"}]}"""));
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", Prompt("""{"messages": [{"role": "user", "content": "Hi"}], "kwargs": {"enable_thinking": true}}"""));
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n", Prompt("""{"messages": [{"role": "user", "content": "Hi"}], "kwargs": {"enable_thinking": false}}"""));
    }

    [Fact]
    public void Reasoning_of_earlier_turns_is_left_out() => Assert.Equal(
        "<|im_start|>user\nq1<|im_end|>\n<|im_start|>assistant\na1<|im_end|>\n<|im_start|>user\nq2<|im_end|>\n<|im_start|>assistant\n<think>\nr2\n</think>\n\na2<|im_end|>\n",
        Prompt("""
            {"messages": [{"role": "user", "content": "q1"}, {"role": "assistant", "content": "a1", "reasoning_content": "r1"}, {"role": "user", "content": "q2"},
              {"role": "assistant", "content": "<think>\nr2\n</think>\n\na2"}], "add_generation_prompt": false}
            """));

    [Fact]
    public void Calls_and_results_have_Qwens_form() => Assert.Equal(
        "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>\n<tool_call>\n{\"name\": \"g\", \"arguments\": {\"b\": \"ü\"}}\n</tool_call><|im_end|>\n"
        + "<|im_start|>user\n<tool_response>\nx\n</tool_response>\n<tool_response>\ny\n</tool_response><|im_end|>\n<|im_start|>assistant\n",
        Prompt("""
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}},
              {"type": "function", "function": {"name": "g", "arguments": {"b": "ü"}}}]}, {"role": "tool", "content": "x"}, {"role": "tool", "content": "y"}]}
            """));

    [Fact]
    public void Tools_stand_in_the_system_turn() => Assert.Equal(
        "<|im_start|>system\nBe brief.\n\n" + Before + "\n{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": {}}}" + After + "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n",
        Prompt("""{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "q"}], "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}"""));

    [Fact]
    public void Its_calls_are_read_back()
    {
        Assert.NotNull(Template.ToolCallDialect);
        Assert.True(Template.ToolCallDialect.IsTaughtBy(CorpusTemplate.Text));
    }

    [Fact]
    public void It_renders_what_Qwen3s_own_template_renders()
    {
        using JsonDocument conversations = JsonDocument.Parse(File.ReadAllText(Fixtures.Require("chat-templates", "conversations.json")));
        Dictionary<string, JsonElement> byName = conversations.RootElement.EnumerateArray().ToDictionary(one => one.GetProperty("name").GetString()!);
        int compared = 0;
        foreach (string line in File.ReadLines(Fixtures.Require("chat-templates", "expected.jsonl")))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            if (row.RootElement.GetProperty("template").GetString() != "Qwen-Qwen3-0.6B.jinja" || !row.RootElement.TryGetProperty("expected", out JsonElement expected))
                continue;

            string qwen = expected.GetString()!.Replace(QwenBefore, Before, StringComparison.Ordinal).Replace(QwenAfter, After, StringComparison.Ordinal);
            Assert.Equal(qwen, Template.Render(ChatTemplateConversation.Read(byName[row.RootElement.GetProperty("conversation").GetString()!])).Text);
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
