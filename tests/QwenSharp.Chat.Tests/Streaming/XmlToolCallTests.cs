using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat.Streaming.Xml;

namespace QwenSharp.Chat.Tests.Streaming;

/// <summary>The dialect of Qwen3-Coder as imperfect models write it.</summary>
public sealed class XmlToolCallTests
{
    private static readonly AITool[] Tools =
    [
        AIFunctionFactory.CreateDeclaration("write", null, JsonElement.Parse(
            """{ "type": "object", "properties": { "path": { "type": "string" }, "text": { "type": "string" }, "mode": { "type": "integer" } }, "required": ["path"] }""")),
        AIFunctionFactory.CreateDeclaration("now", null, JsonElement.Parse("""{ "type": "object", "properties": {} }""")),
    ];

    private const string Done = "\n</function>\n</tool_call>";

    [Theory]
    // A parameter's closing tag, last, in the middle, on one line, several.
    [InlineData("<tool_call>\n<function=write>\n<parameter=path>\na\n</function>\n</tool_call>", "C(write {\"path\":\"a\"})")]
    [InlineData(
        "<tool_call>\n<function=write>\n<parameter=path>\na\n<parameter=mode>\n4\n</parameter>" + Done,
        "C(write {\"path\":\"a\",\"mode\":4})")]
    [InlineData(
        "<tool_call>\n<function=write>\n<parameter=path>\na\n<parameter=text>\nb\nc\n<parameter=mode>\n4" + Done,
        "C(write {\"path\":\"a\",\"text\":\"b\\nc\",\"mode\":4})")]
    [InlineData(
        "<tool_call><function=write><parameter=path>a<parameter=mode>4</function></tool_call>",
        "C(write {\"path\":\"a\",\"mode\":4})")]
    // A function's, a call's, all of them, at the end of the reply.
    [InlineData("<tool_call>\n<function=write>\n<parameter=path>\na\n</parameter>\n</tool_call>", "C(write {\"path\":\"a\"})")]
    [InlineData("<tool_call>\n<function=write>\n<parameter=path>\na\n</tool_call>", "C(write {\"path\":\"a\"})")]
    [InlineData("<tool_call>\n<function=write>\n<parameter=path>\na\n</parameter>\n</function>\n", "C(write {\"path\":\"a\"})")]
    [InlineData("<tool_call>\n<function=write>\n<parameter=path>\na\n</parameter>\n", "C(write {\"path\":\"a\"})")]
    [InlineData("<tool_call>\n<function=write>\n<parameter=path>\na\n</function>", "C(write {\"path\":\"a\"})")]
    // The same before text, and before the next call.
    [InlineData("<tool_call>\n<function=write>\n<parameter=path>\na\n</parameter>\n</function>\nDone.", "C(write {\"path\":\"a\"})Done.")]
    [InlineData(
        "<tool_call>\n<function=write>\n<parameter=path>\na\n</parameter>\n</function>\n<tool_call>\n<function=now>\n</function>\n</tool_call>",
        "C(write {\"path\":\"a\"})C(now {})")]
    [InlineData(
        "<tool_call>\n<function=write>\n<parameter=path>\na\n</function>\n</tool_call>\n"
            + "<tool_call>\n<function=write>\n<parameter=path>\nb\n</parameter>" + Done,
        "C(write {\"path\":\"a\"})C(write {\"path\":\"b\"})")]
    [InlineData(
        "<tool_call>\n<function=write>\n<parameter=path>\na\n</tool_call>\n<tool_call>\n<function=write>\n<parameter=path>\nb\n</parameter>" + Done,
        "C(write {\"path\":\"a\"})C(write {\"path\":\"b\"})")]
    public void Closing_tags_may_be_missing(string reply, string expected) => AssertSplit(reply, expected);

    [Theory]
    [InlineData("<tool_call>\n<function=write>\n<parameter=path>\na\n</parameter>\n</function>\n<function=now>\n</function>\n</tool_call>")]
    [InlineData("<tool_call>\n<function=write>\n<parameter=path>\na\n</parameter>\n<function=now>\n</function>\n</tool_call>")]
    [InlineData("<function=write>\n<parameter=path>\na\n</parameter>\n</function>\n<function=now>\n</function>")]
    [InlineData("<function=write>\n<parameter=path>\na\n</parameter>\n</function>\n</tool_call>\n<function=now>\n</function>\n</tool_call>\n")]
    public void Several_functions_may_be_called_at_once(string reply) => AssertSplit(reply, "C(write {\"path\":\"a\"})C(now {})");

    [Theory]
    [InlineData("Now.\n\n<function=now>\n</function>\n</tool_call>", "Now.C(now {})")]
    [InlineData("<tool_call>\n<tool_call>\n<function=now>\n</function>\n</tool_call>\n</tool_call>", "C(now {})")]
    [InlineData("Now. <function=now></function> Then.", "Now. C(now {}) Then.")]
    [InlineData("<function=write>\n<parameter=path>\na\n</function>\n</tool_call>", "C(write {\"path\":\"a\"})")]
    [InlineData("<function=write>\n<parameter=path>\na\n</parameter>\n</tool_call>", "C(write {\"path\":\"a\"})")]
    [InlineData("<function=write>\n<parameter=path>\na\n</parameter>", "C(write {\"path\":\"a\"})")]
    public void The_wrapper_may_be_missing_or_doubled_around_an_offered_tool(string reply, string expected) => AssertSplit(reply, expected);

    [Theory]
    [InlineData("<function=other>\n<parameter=path>\na\n</parameter>\n</function>")]
    [InlineData("Write `<function=now></function>` to see the time.")]
    [InlineData("```xml\n<function=now>\n</function>\n```\n")]
    [InlineData("<function=now>, said he.")]
    [InlineData("<function=")]
    [InlineData("<tool_call>\n<function=write>\n<parameter=path>\na\n<parameter=path>\nb\n</parameter>" + Done)]
    [InlineData("<tool_call>\n<function=write>\n<parameter=text>\na\n</parameter>\n")]
    [InlineData("<tool_call>\n<function=write>\n<parameter=path>\na")]
    [InlineData("<tool_call>\n<function=write>\n<parameter=path>\na\n<parameter=mode>\nfour\n</parameter>" + Done)]
    [InlineData("<tool_call>\n<function=other>\n<parameter=path>\na\n<parameter=mode>\n4\n</parameter>" + Done)]
    [InlineData("<tool_call>\n<function=write>\n<parameter=path>\na\n<function=now>\n</function>\n</tool_call>")]
    public void What_is_not_certain_stays_text(string reply) => AssertSplit(reply, reply);

    [Theory]
    [InlineData("<tool_call>\n<function=now>\n</function>\n</tool_call>\n")]
    [InlineData("<parameter=path>\nb\n</parameter>\n<parameter=mode>\n1\n</parameter>")]
    [InlineData("Say <tool_call> first.")]
    [InlineData("Say <parameter=other> and </parameter>, then </function>, then </tool_call>.")]
    [InlineData("<parameter=other>\nnot closed")]
    [InlineData("Call it:\n<tool_call>\n<function=write>\n<parameter=path>\nb\n</function>\n</tool_call>\nlike that.")]
    [InlineData("\"<tool_call><function=f><parameter=s>a</parameter></function></tool_call>\", \"</tool_call>\"")]
    public void A_value_may_hold_tags_where_its_own_are_all_there(string value)
    {
        string reply = $"<tool_call>\n<function=write>\n<parameter=text>\n{value}\n</parameter>\n<parameter=path>\na\n</parameter>{Done}";
        AssertSplit(reply, $"C(write {{\"text\":{Quoted(value)},\"path\":\"a\"}})");
        string call = $"C(write {{\"text\":{Quoted(value)},\"path\":\"a\"}})";
        AssertSplit(reply + "\n" + reply, call + call);
    }

    [Theory]
    [InlineData("why\n<tool_call>\n<function=now>\n</function>\n</tool_call>", "R(why)C(now {})")]
    [InlineData("why\n<tool_call>\n<function=now>\n</function>\n</tool_call>\n</think>\n\nso", "R(why)C(now {})so")]
    [InlineData("why\n<function=now>\n</function>\n</tool_call>\n", "R(why)C(now {})")]
    [InlineData(
        "why\n<tool_call>\n<function=now>\n</function>\n</tool_call>\n</think>\n<tool_call>\n<function=now>\n</function>\n</tool_call>",
        "R(why)C(now {})")]
    [InlineData(
        "<tool_call>\n<function=write>\n<parameter=path>\na\n</parameter>\n</function>\n</tool_call>\n<tool_call>\n<function=now>\n</function>\n</tool_call>",
        "C(write {\"path\":\"a\"})C(now {})")]
    [InlineData(
        "Or <tool_call>\n<function=now>\n</function>\n</tool_call>, say.\n</think>\nso",
        "R(Or <tool_call>\n<function=now>\n</function>\n</tool_call>, say.)so")]
    [InlineData("<tool_call>\n<function=now>\n</think>\nso", "R(<tool_call>\n<function=now>)so")]
    [InlineData("<tool_call>\n<function=other>\n</function>\n</tool_call>", "R(<tool_call>\n<function=other>\n</function>\n</tool_call>)")]
    [InlineData(
        "<tool_call>\n<function=write>\n<parameter=path>\na\n</function>\n</tool_call>",
        "R(<tool_call>\n<function=write>\n<parameter=path>\na\n</function>\n</tool_call>)")]
    public void A_call_in_reasoning_counts_where_it_is_whole_and_last(string reply, string expected) =>
        Replies.AssertSplit(new XmlToolCalls(), Tools, reply, expected, inReasoning: true);

    [Fact]
    public void What_cannot_be_a_call_any_more_comes_out_at_once()
    {
        ReplySplitterTests.AssertOut(
            new XmlToolCalls(),
            Tools,
            ("<tool_call>\n<function=no", ""),
            ("w>\nwell", "<tool_call>\n<function=now>\nwell"));
        ReplySplitterTests.AssertOut(new XmlToolCalls(), Tools, ("<function=othe", ""), ("r>", "<function=other>"));
    }

    private static void AssertSplit(string reply, string expected) => Replies.AssertSplit(new XmlToolCalls(), Tools, reply, expected);

    private static string Quoted(string text) => JsonSerializer.Serialize(
        text,
        new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
