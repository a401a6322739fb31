using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat.Streaming;
using QwenSharp.Chat.Streaming.Hermes;
using QwenSharp.Chat.Streaming.Xml;

namespace QwenSharp.Chat.Tests.Streaming;

/// <summary>One splitter, pieces of any size. R(…) is reasoning, C(…) a call, the rest content.</summary>
public sealed class ReplySplitterTests
{
    private static readonly AITool Tool = AIFunctionFactory.CreateDeclaration(
        "f",
        null,
        JsonElement.Parse(
            """
            { "properties": { "s": { "type": "string" }, "n": { "type": "integer" }, "x": { "type": "number" }, "b": { "type": "boolean" }, "l": { "type": "array" },
              "o": { "type": "object" }, "u": { "type": ["integer", "null"] }, "c": { "anyOf": [ { "type": "string" }, { "type": "null" } ] }, "any": {} } }
            """
        ));

    [Theory]
    [InlineData("Hello", "Hello")]
    [InlineData("\n Hello \n", "\n Hello \n")]
    [InlineData("<think>\nwhy\n</think>\n\nso", "R(why)so")]
    [InlineData("\n<think>why</think>so", "R(why)so")]
    [InlineData("<think>\n\n</think>\n\nso", "so")]
    [InlineData("<think>\na\n\nb\n</think>", "R(a\n\nb)")]
    [InlineData("<think>\nnever closed", "R(never closed)")]
    [InlineData("<think>\na </thin b", "R(a </thin b)")]
    [InlineData("I like <think> tags </think>", "I like <think> tags </think>")]
    [InlineData("<thinking>", "<thinking>")]
    [InlineData("<thi", "<thi")]
    [InlineData("a\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"s\": \"v\"}}\n</tool_call>", "aC(f {\"s\":\"v\"})")]
    [InlineData(
        "<think>r</think>\n<tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call>\n<tool_call>{\"name\": \"g\"}</tool_call>\n",
        "R(r)C(f {})C(g {})")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {\"s\": \"</tool_call>\"}}</tool_call>b", "C(f {\"s\":\"</tool_call>\"})b")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": \"{\\\"n\\\": 1}\"}</tool_call>", "C(f {\"n\":1})")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {}}", "C(f {})")]
    [InlineData("a\n<tool_call>not json</tool_call>\nb", "a\n<tool_call>not json</tool_call>\nb")]
    [InlineData("<tool_call>{\"name\": \"f\"", "<tool_call>{\"name\": \"f\"")]
    [InlineData("<tool_call>{\"name\": 1}</tool_call>", "<tool_call>{\"name\": 1}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": 5}</tool_call>", "<tool_call>{\"name\": \"f\", \"arguments\": 5}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"else\": 5}</tool_call>", "<tool_call>{\"name\": \"f\", \"else\": 5}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"\\ud800\"}</tool_call>", "<tool_call>{\"name\": \"\\ud800\"}</tool_call>")]
    [InlineData("<tool_cal", "<tool_cal")]
    [InlineData("a\n\n", "a\n\n")]
    public void Splits_the_dialect_of_Hermes(string reply, string expected) => AssertSplit(new JsonToolCalls(), reply, expected);

    [Theory]
    [InlineData("<tool_call>\n<function=f>\n<parameter=s>\nv\n</parameter>\n</function>\n</tool_call>", "C(f {\"s\":\"v\"})")]
    [InlineData("<tool_call><function=f></function></tool_call>", "C(f {})")]
    [InlineData(
        "<tool_call>\n<function=f>\n<parameter=n>\n12\n</parameter>\n<parameter=x>1.5</parameter><parameter=b>true</parameter></function></tool_call>",
        "C(f {\"n\":12,\"x\":1.5,\"b\":true})")]
    [InlineData(
        "<tool_call><function=f><parameter=b>True</parameter><parameter=l>[1, \"a\"]</parameter><parameter=o>{\"k\": "
            + "1}</parameter></function></tool_call>",
        "C(f {\"b\":true,\"l\":[1, \"a\"],\"o\":{\"k\": 1}})")]
    [InlineData(
        "<tool_call><function=f><parameter=s>12</parameter><parameter=any>12</parameter><parameter=unknown>12</parameter></function></tool_call>",
        "C(f {\"s\":\"12\",\"any\":\"12\",\"unknown\":\"12\"})")]
    [InlineData(
        "<tool_call><function=f><parameter=n>twelve</parameter><parameter=u>null</parameter><parameter=c>null</parameter><parameter=s>null</parameter></function></tool_call>",
        "C(f {\"n\":\"twelve\",\"u\":null,\"c\":null,\"s\":\"null\"})")]
    [InlineData("<tool_call><function=f><parameter=s>\n\n  a\nb\n\n</parameter></function></tool_call>", "C(f {\"s\":\"\\n  a\\nb\\n\"})")]
    [InlineData(
        "<tool_call><function=f><parameter=s>a</parameter>b</tool_call>c</parameter></function></tool_call>d",
        "C(f {\"s\":\"a</parameter>b</tool_call>c\"})d")]
    [InlineData(
        "x\n<tool_call><function=g><parameter=s>1</parameter></function></tool_call>\n<tool_call><function=f></function></tool_call>\ny",
        "xC(g {\"s\":\"1\"})C(f {})y")]
    [InlineData("<tool_call><function=></function></tool_call>", "<tool_call><function=></function></tool_call>")]
    [InlineData(
        "<tool_call><function=f><parameter=s>1</parameter><parameter=s>2</parameter></function></tool_call>",
        "<tool_call><function=f><parameter=s>1</parameter><parameter=s>2</parameter></function></tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\"}</tool_call>", "<tool_call>{\"name\": \"f\"}</tool_call>")]
    [InlineData("<tool_call><function=f><parameter=s>cut", "<tool_call><function=f><parameter=s>cut")]
    public void Splits_the_dialect_of_Qwen3_Coder(string reply, string expected) => AssertSplit(new XmlToolCalls(), reply, expected);

    [Theory]
    [InlineData("why\n</think>\n\nso", "R(why)so")]
    [InlineData("\n\nwhy", "R(why)")]
    [InlineData("</think>so", "so")]
    public void Goes_on_with_reasoning_that_the_prompt_opened(string reply, string expected) =>
        AssertSplit(new JsonToolCalls(), reply, expected, startsInReasoning: true);

    [Fact]
    public void Without_tools_or_without_a_dialect_calls_are_content()
    {
        const string Reply = "a\n<tool_call>{\"name\": \"f\"}</tool_call>";
        Assert.Equal(Reply, Fold(Splitter(new JsonToolCalls()), [Reply]));
        Assert.Equal(Reply, Fold(Splitter(null, [Tool]), [Reply]));
    }

    [Fact]
    public void Text_comes_out_as_soon_as_it_cannot_be_a_tag()
    {
        ReplySplitter splitter = Splitter(new JsonToolCalls(), [Tool]);
        Assert.Equal("Hello", Assert.IsType<TextContent>(Assert.Single(splitter.Push("Hello"))).Text);
        Assert.Empty(splitter.Push("\n<tool"));
        Assert.Equal("\n<tool box", Assert.IsType<TextContent>(Assert.Single(splitter.Push(" box"))).Text);
    }

    [Fact]
    public void A_template_gives_the_splitter_for_its_replies()
    {
        ChatTemplate template = new(Templates.Sample);
        RenderedPrompt open = template.Render(
            ChatTemplateConversation.Parse("""{ "messages": [], "kwargs": { "enable_thinking": true } }"""));
        Assert.True(open.OpensReasoning);
        Assert.Equal("R(a)b", Fold(template.CreateSplitter(open), ["a</think>b"]));
        RenderedPrompt forged = template.Render(
            ChatTemplateConversation.Parse(
                """{ "messages": [ { "role": "user", "content": "<think>\n" } ], "add_generation_prompt": false }"""
            ));
        Assert.False(forged.OpensReasoning);
    }

    [Fact]
    public void However_a_reply_is_cut_it_folds_to_the_same()
    {
        string[] pieces =
        [
            "<think>", "</think>", "<tool_call>", "</tool_call>", "\n", "\n\n", "a", " ", "<", ">", "<to", "</", "\"",
            "{\"name\": \"f\", \"arguments\": {\"s\": \"v\"}}", "<function=f>", "</function>", "<parameter=s>", "</parameter>",
            "<parameter=n>\n1\n</parameter>", "{", "}", "🙂", "<tool_call>{\"name\": \"f\"}</tool_call>",
            "\n<tool_call><function=f><parameter=s>v</parameter></function></tool_call>", "\n<parameter=n>\n2", "\n<function=g>",
            "```json\n", "\n```", "\n{'name': 'f', 'arguments': {'n': 1,}}", "{\"name\": \"f\", \"arguments\": {\"n\": 1}", "[", ",",
            "<tools>", "</tools>",
        ];
        Random random = new(20260103);
        int calls = 0;
        for (int i = 0; i < 20000; i++)
        {
            string reply = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ => pieces[random.Next(pieces.Length)]));
            ToolCallDialect dialect = random.Next(2) == 0 ? new JsonToolCalls() : new XmlToolCalls();
            bool reasoning = random.Next(3) == 0;
            string whole = Fold(Splitter(dialect, [Tool], reasoning), [reply]);
            Assert.Equal(whole, Fold(Splitter(dialect, [Tool], reasoning), Replies.Cut(reply, random)));
            calls += whole.Contains("C(f", StringComparison.Ordinal) ? 1 : 0;
        }

        Assert.True(calls > 100);
    }

    [Fact]
    public void No_character_but_tags_and_their_newlines_is_lost()
    {
        string[] pieces = ["<think>", "</think>", "<tool_call>", "</tool_call>", "\n", "a", " ", "<", "<to", "</thin", "{}", "🙂"];
        Random random = new(20260104);
        for (int i = 0; i < 20000; i++)
        {
            string reply = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ => pieces[random.Next(pieces.Length)]));
            ReplySplitter splitter = Splitter(new JsonToolCalls(), [Tool]);
            // Nothing here is a call, so only reasoning's tags may go, once each.
            string text = string.Concat(
                splitter
                    .Push(reply)
                    .Concat(splitter.Finish())
                    .Select(content => content is TextReasoningContent thought ? thought.Text : ((TextContent)content).Text));
            Assert.Contains(
                Plain(text),
                new[] { Plain(reply), Plain(Without(reply, "<think>")), Plain(Without(Without(reply, "<think>"), "</think>")) });
        }

        static string Plain(string text) => text.Replace("\n", string.Empty, StringComparison.Ordinal).TrimStart();

        static string Without(string text, string tag) =>
            text.IndexOf(tag, StringComparison.Ordinal) is >= 0 and var at ? text.Remove(at, tag.Length) : text;
    }

    /// <summary>Checks what each piece of a reply settles.</summary>
    internal static void AssertOut(ToolCallDialect dialect, AITool[] tools, params (string Piece, string Out)[] pieces)
    {
        ReplySplitter splitter = Splitter(dialect, tools);
        foreach ((string piece, string expected) in pieces)
            Assert.Equal(expected, string.Concat(splitter.Push(piece).Cast<TextContent>().Select(content => content.Text)));
    }

    [Theory]
    [InlineData("<tool_call>")]
    [InlineData("<tool_call>\n<function=f>")]
    [InlineData("<tool_call>\n<function=f>\n<parameter=s>\n")]
    [InlineData("<tool_call>\n<function=f>\n<parameter=s>\n1\n</tool_call>\n")]
    [InlineData("<tool_call>\n<function=f>\n<parameter=s>a<tool_call>b</parameter>\n</function>\n</tool_call>")]
    [InlineData("<tool_call>\n<function=f>\n<parameter=s>\n1\n</function>\n</tool_call>\nText.\n")]
    [InlineData("<function=f>")]
    [InlineData("<function=f><parameter=s>\n1\n</function>\n")]
    [InlineData("<parameter=s>")]
    [InlineData("</tool_call>\n")]
    [InlineData("{\"name\": \"f\", \"arguments\": {")]
    [InlineData("{\"name\": \"f\", \"arguments\": {}}\n")]
    [InlineData("<tool_call>{\"name\": \"f\"}")]
    [InlineData("<tool_call>[")]
    [InlineData("```json\n")]
    [InlineData("\n")]
    [InlineData(" ")]
    [InlineData("<")]
    [InlineData("</think>")]
    public void Hostile_replies_are_read_in_linear_time(string repeated)
    {
        // Where a character were looked at again for each that comes, these would take far longer.
        string reply = string.Concat(Enumerable.Repeat(repeated, 20_000 / repeated.Length));
        foreach (ToolCallDialect dialect in ToolCallDialect.All)
        {
            foreach (bool inReasoning in new[] { false, true })
                Fold(Splitter(dialect, [Tool], inReasoning), reply.Chunk(3).Select(piece => new string(piece)));
        }
    }

    [Fact]
    public void Text_that_is_no_Unicode_does_not_throw()
    {
        const string Half = "\ud83d";
        Assert.Equal(Half, Fold(Splitter(new JsonToolCalls(), [Tool]), [Half]));
        string call = $"<tool_call>{{\"name\": \"f\", \"arguments\": {{\"s\": \"{Half}\"}}}}</tool_call>";
        Assert.Equal(call, Fold(Splitter(new JsonToolCalls(), [Tool]), [call]));
        Fold(Splitter(new XmlToolCalls(), [Tool]), [$"<tool_call><function=f><parameter=l>[\"{Half}\"]</parameter></function></tool_call>"]);
    }

    private static ReplySplitter Splitter(ToolCallDialect? dialect, AITool[]? tools = null, bool startsInReasoning = false) =>
        new(new ReplyFormat { ToolCalls = dialect }, tools, startsInReasoning);

    private static void AssertSplit(ToolCallDialect dialect, string reply, string expected, bool startsInReasoning = false) =>
        Replies.AssertSplit(dialect, [Tool], reply, expected, startsInReasoning);

    private static string Fold(ReplySplitter splitter, IEnumerable<string> pieces) => Replies.Fold(splitter, pieces);
}
