using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using QwenSharp.Tests;

namespace QwenSharp.Chat.Tests.Conversations;

/// <summary>Conversations as clients send them, in a template that takes every order of roles and in one that does not.</summary>
public sealed partial class SettledMessagesTests
{
    private const string Turn = """
        {{- '[' + message.role + (':' + message.reasoning_content if message.reasoning_content else '') }}
        {{- '|' + message.content }}
        {%- for call in message.tool_calls %}{{ '|' + call.function.name + (call.function.arguments | tojson) }}{% endfor %}
        {{- ']' }}
        """;

    /// <summary>Takes what it gets.</summary>
    private const string Lenient =
        "{%- for message in messages %}" + Turn + "{%- endfor %}{{- '[assistant|' if add_generation_prompt else '' }}";

    /// <summary>Refuses what Qwen3.5's refuses.</summary>
    private const string Strict =
        "{%- if messages | selectattr('role', 'eq', 'user') | list | length == 0 %}{{ raise_exception('No user') }}{% endif %}"
        + "{%- for message in messages %}"
        + "{% if message.role == 'system' and not loop.first %}{{ raise_exception('Late system') }}{% endif %}"
        + Turn
        + "{%- endfor %}{{- '[assistant|' if add_generation_prompt else '' }}";

    private static readonly ChatRole Developer = new("developer");

    public static TheoryData<string, ChatMessage[], string, string> Cases => new()
    {
        {
            "several systems at the beginning are one",
            [new(ChatRole.System, "a"), new(Developer, "b"), new(ChatRole.System, ""), new(ChatRole.User, "c")],
            "[system|a\n\nb][user|c]",
            "[system|a\n\nb][user|c]"
        },
        {
            "a system message in the middle stays there",
            [new(ChatRole.User, "a"), new(ChatRole.System, "b"), new(ChatRole.User, "c")],
            "[user|a][system|b][user|c]",
            "[user|a][user|<system>\nb\n</system>][user|c]"
        },
        {
            "users and their names",
            [new(ChatRole.User, "a") { AuthorName = "Ann" }, new(ChatRole.User, "b") { AuthorName = "Ben" }, new(ChatRole.User, "")],
            "[user|Ann: a][user|Ben: b][user|]",
            "[user|Ann: a][user|Ben: b][user|]"
        },
        {
            "the assistant's messages are one turn",
            [
                new(ChatRole.User, "a"), new(ChatRole.Assistant, [new TextReasoningContent("t")]), new(ChatRole.Assistant, "b"),
                new(ChatRole.Assistant, "c"), new(ChatRole.Assistant, [Call("1", "f")]), new(ChatRole.Assistant, [Call("2", "g")]),
                Result("2", "y"), Result("1", "x"),
            ],
            "[user|a][assistant:t|b\n\nc|f{}|g{}][tool|x][tool|y]",
            "[user|a][assistant:t|b\n\nc|f{}|g{}][tool|x][tool|y]"
        },
        {
            "text after calls is a turn of its own",
            [new(ChatRole.User, "a"), new(ChatRole.Assistant, [Call("1", "f")]), new(ChatRole.Assistant, "b")],
            "[user|a][assistant||f{}][tool|[no result]][assistant|b]",
            "[user|a][assistant||f{}][tool|[no result]][assistant|b]"
        },
        {
            "results come before what a user says beside them",
            [new(ChatRole.User, "a"), new(ChatRole.Assistant, [Call("1", "f")]), new(ChatRole.User, [new TextContent("b"), Of("1", "x")])],
            "[user|a][assistant||f{}][tool|x][user|b]",
            "[user|a][assistant||f{}][tool|x][user|b]"
        },
        {
            "a call without a result",
            [
                new(ChatRole.User, "a"), new(ChatRole.Assistant, [Call("1", "f"), Call("2", "g"), Call("3", "h")]), Result("3", "z"),
                new(ChatRole.User, "b"),
            ],
            "[user|a][assistant||f{}|g{}|h{}][tool|[no result]][tool|[no result]][tool|z][user|b]",
            "[user|a][assistant||f{}|g{}|h{}][tool|[no result]][tool|[no result]][tool|z][user|b]"
        },
        {
            "results of ids that nobody called",
            [
                new(ChatRole.User, "a"), new(ChatRole.Assistant, [Call("1", "f"), Call("2", "g")]), Result("9", "x"), Result("1", "y"),
                Result("8", "z"),
            ],
            "[user|a][assistant||f{}|g{}][tool|y][tool|x][tool|z]",
            "[user|a][assistant||f{}|g{}][tool|y][tool|x][tool|z]"
        },
        {
            "a result at the beginning",
            [new(ChatRole.System, "s"), Result("1", "x")],
            "[system|s][user|][tool|x]",
            "[system|s][user|][tool|x]"
        },
        {
            "the assistant at the beginning",
            [new(ChatRole.System, "s"), new(ChatRole.Assistant, "a"), new(ChatRole.User, "b")],
            "[system|s][assistant|a][user|b]",
            "[system|s][user|][assistant|a][user|b]"
        },
        { "nothing but a system message", [new(ChatRole.System, "s")], "[system|s]", "[system|s][user|]" },
        {
            "results as parts, and as errors",
            [
                new(ChatRole.User, "a"), new(ChatRole.Assistant, [Call("1", "f"), Call("2", "g")]),
                new(ChatRole.Tool, [
                    new FunctionResultContent("1", new AIContent[] { new TextContent("x"), new DataContent("data:image/png;base64,AA==") }),
                    new FunctionResultContent("2", null) { Exception = new InvalidOperationException("no") },
                ]),
            ],
            "[user|a][assistant||f{}|g{}][tool|x[image/png left out: only the text of a tool's result is shown]][tool|Error: no]",
            "[user|a][assistant||f{}|g{}][tool|x[image/png left out: only the text of a tool's result is shown]][tool|Error: no]"
        },
    };

    [Theory]
    [MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public void A_conversation_becomes_what_the_template_takes(string name, ChatMessage[] messages, string lenient, string strict)
    {
        Assert.NotEmpty(name);
        Assert.Equal(lenient + "[assistant|", new ChatTemplate(Lenient).Render(messages).Text);
        Assert.Equal(strict + "[assistant|", new ChatTemplate(Strict).Render(messages).Text);
    }

    [Fact]
    public void A_role_that_no_template_knows_is_refused_by_name() => Assert.Contains(
        "'critic'",
        Assert.ThrowsAny<NotSupportedException>(() => new ChatTemplate(Lenient).Render([new(new("critic"), "a")])).Message);

    [Theory]
    [InlineData(Lenient)]
    [InlineData(Strict)]
    public void A_history_renders_the_same_when_the_conversation_goes_on(string source)
    {
        ChatTemplate template = new(source);
        Random random = new(14);
        for (int run = 0; run < 150; run++)
        {
            ChatMessage[] messages = [.. Enumerable.Range(0, 9).Select(place => Any(random, place))];
            string whole = template.Render(messages).Text;

            // A model is asked where it is its turn, and results come together. System messages alone are no history yet.
            for (int length = 1; length < messages.Length; length++)
            {
                bool asks = messages[length - 1].Role != ChatRole.Assistant
                    && !messages[length].Contents.Any(content => content is FunctionResultContent);
                bool isHead = messages.Take(length).All(message => message.Role == ChatRole.System);
                if (asks && !isHead)
                    Assert.StartsWith(template.Render(messages[..length]).Text[..^"[assistant|".Length], whole);
            }
        }
    }

    [Fact]
    public void Published_templates_take_every_conversation()
    {
        string folder = Fixtures.Require("chat-templates");
        Random random = new(15);
        foreach (string file in Directory.GetFiles(folder, "*.jinja"))
        {
            ChatTemplate template = new(File.ReadAllText(file));
            for (int run = 0; run < 100; run++)
            {
                ChatMessage[] messages = [.. Enumerable.Range(0, 1 + random.Next(7)).Select(place => Any(random, place))];
                string text = template.Render(messages).Text;

                // Nothing that somebody said is lost, every turn is opened and closed, and thoughts alone may be left out.
                foreach (TextContent said in messages.SelectMany(message => message.Contents).OfType<TextContent>())
                    Assert.Contains(said.Text, text);

                Assert.True(WholeTurns().IsMatch(text), $"{Path.GetFileName(file)}: {text}");
            }
        }
    }

    [Theory]
    [InlineData("Qwen-Qwen2.5-7B-Instruct.jinja", "<|im_start|>assistant\nThe sum is ", false)]
    [InlineData("Qwen-Qwen3-0.6B.jinja", "<|im_start|>assistant\n<think>\n\n</think>\n\nThe sum is ", false)]
    [InlineData("Qwen-QwQ-32B.jinja", "<|im_start|>assistant\nThe sum is ", false)]
    [InlineData("Qwen3-Coder.jinja", "<|im_start|>assistant\nThe sum is ", false)]
    [InlineData("Qwen3.5-4B.jinja", "<|im_start|>assistant\n<think>\n\n</think>\n\nThe sum is ", false)]
    [InlineData("Qwen-Qwen3-0.6B.jinja", "<|im_start|>assistant\n<think>\nWell, ", true)]
    [InlineData("Qwen3.5-4B.jinja", "<|im_start|>assistant\n<think>\nWell, ", true)]
    public void The_last_message_is_gone_on_with(string file, string expected, bool isThought)
    {
        ChatTemplate template = new(File.ReadAllText(Fixtures.Require("chat-templates", file)));
        AIContent said = isThought ? new TextReasoningContent("Well, ") : new TextContent("The sum is ");

        RenderedPrompt prompt = template.Render([new(ChatRole.User, "1 + 1 \uFDD0end"), new(ChatRole.Assistant, [said])], GoOn);

        Assert.EndsWith(expected, prompt.Text);
        Assert.Equal(isThought, prompt.OpensReasoning);
        Assert.All(prompt.TrustedRanges, range => Assert.InRange(range.End.Value, range.Start.Value + 1, prompt.Text.Length));
        Assert.EndsWith(isThought ? "⟦Well, ⟧" : "⟦The sum is ⟧", Templates.Marked(prompt));
    }

    [Fact]
    public void An_empty_message_is_gone_on_with_as_a_new_one()
    {
        ChatTemplate template = new(Lenient);

        Assert.Equal("[user|a][assistant|", template.Render([new(ChatRole.User, "a"), new(ChatRole.Assistant, "")], GoOn).Text);
    }

    [Fact]
    public void What_cannot_be_gone_on_with_is_refused()
    {
        ChatTemplate template = new(Lenient);

        Assert.Contains(
            "needs the last of Messages",
            Assert.ThrowsAny<ArgumentException>(() => template.Render([new(ChatRole.User, "a")], GoOn)).Message);
        Assert.Contains(
            "calls tools",
            Assert.ThrowsAny<NotSupportedException>(() => template.Render([new(ChatRole.Assistant, [Call("1", "f")])], GoOn)).Message);
        Assert.Contains(
            "does not show",
            Assert
                .ThrowsAny<NotSupportedException>(() => new ChatTemplate("x").Render([new(ChatRole.Assistant, "a")], GoOn))
                .Message);
    }

    private static ChatOptions GoOn => new() { AdditionalProperties = new() { [ChatOptionKeys.ContinueFinalMessage] = true } };

    private static ChatMessage Any(Random random, int place) => random.Next(8) switch
    {
        0 => new(ChatRole.System, $"s{place}."),
        1 => new(ChatRole.Assistant, [new TextReasoningContent($"t{place}."), new TextContent($"a{place}.")]),
        2 => new(ChatRole.Assistant, [Call($"{place}", "f")]),
        3 => new(ChatRole.Assistant, [new TextContent($"a{place}."), Call($"{place}", "f"), Call($"{place}b", "g")]),
        4 => Result($"{place - 1 - random.Next(2)}", $"r{place}."),
        5 => new(ChatRole.User, [new TextContent($"u{place}."), Of($"{place - 1}", "r")]),
        6 => new(ChatRole.User, ""),
        _ => new(ChatRole.User, $"u{place}."),
    };

    private static FunctionCallContent Call(string id, string name) => new(id, name, new Dictionary<string, object?>());

    private static FunctionResultContent Of(string id, string text) => new(id, text);

    private static ChatMessage Result(string id, string text) => new(ChatRole.Tool, [Of(id, text)]);

    [GeneratedRegex(@"^(<\|im_start\|>(?:(?!<\|im_).)*<\|im_end\|>\n)*<\|im_start\|>assistant\n(?:(?!<\|im_).)*$", RegexOptions.Singleline)]
    private static partial Regex WholeTurns();
}
