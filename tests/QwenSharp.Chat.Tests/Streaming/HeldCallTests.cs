using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat.Streaming;

namespace QwenSharp.Chat.Tests.Streaming;

/// <summary>Calls that a mask holds to their form, told while they are written.</summary>
public class HeldCallTests
{
    private static readonly HeldCalls Held = new(FollowReasoning: true);

    private static readonly ToolCallDialect Hermes = ToolCallDialect.Named("hermes")!, Xml = ToolCallDialect.Named("xml")!;

    private static readonly AITool[] Tools =
    [
        Tool(
            "write",
            """
            {"type":"object","properties":{"path":{"type":"string"},"text":{"type":"string"},"lines":{"type":"integer"},
            "deep":{"type":"object"},"force":{"type":"boolean"},"note":{"type":["string","null"]},"mode":{"enum":["a","b",1]}},
            "required":["path"]}
            """),
        Tool("stop", """{"type":"object","properties":{},"additionalProperties":false}"""),
    ];

    [Fact]
    public void A_name_comes_first_and_arguments_as_they_are_written()
    {
        string[] pieces =
            ["Well.\n<tool_call>\n{\"name\": \"wri", "te\", \"argum", "ents\": ", "{\"path\": ", "\"a\\", "nb", "\"}", "}\n</tool_call>"];
        Assert.Equal(["Well.", "write()", "{\"path\": ", "\"a\\", "nb", "\"}", "!"], Pieces(Hermes, pieces));
    }

    [Fact]
    public void Text_in_XML_comes_as_it_is_written_and_any_other_value_when_its_parameter_is_closed()
    {
        string[] pieces =
        [
            "<tool_call>\n<function=write>", "\n<parameter=path>\n", "a \"b\"\n", "c", "\n</para", "meter>\n", "<parameter=lines>\n1",
            "2\n</parameter>\n", "<parameter=note>\nnu", "ll and\n</parameter>\n</function>\n", "</tool_call>",
        ];
        Assert.Equal(
            ["write()", "{\"path\":\"", "a \\\"b\\\"", "\\nc", "\"", ",\"lines\":", "12", ",\"note\":", "\"null and\"}", "!"],
            Pieces(Xml, pieces));
    }

    [Theory]
    [InlineData("hermes")]
    [InlineData("xml")]
    public void Pieces_make_the_call_however_the_reply_is_cut(string name)
    {
        ToolCallDialect dialect = ToolCallDialect.Named(name)!;
        Random random = new(1);
        for (int i = 0; i < 300; i++)
        {
            JsonObject[] calls = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Arguments(random))];
            string reply = "Let me see.\n" + string.Join('\n', calls.Select(arguments => Write(dialect, arguments, random)));
            string whole = Fold(dialect, [reply], out List<FunctionCallContent> once);
            string cut = Fold(dialect, Replies.Cut(reply, random), out List<FunctionCallContent> made);

            Assert.Equal(whole, cut);
            Assert.Equal(calls.Length, made.Count);
            Assert.Equal(once.Select(Json), made.Select(Json));
            Assert.Equal(calls.Select(Sorted), made.Select(call => Sorted(JsonNode.Parse(Json(call))!)));
            foreach ((FunctionCallContent call, string pieces) in made.Zip(Texts(whole)))
                Assert.True(JsonNode.DeepEquals(JsonNode.Parse(pieces), JsonNode.Parse(Json(call))), pieces);
        }
    }

    [Theory]
    [InlineData("hermes")]
    [InlineData("xml")]
    public void Nothing_is_taken_back_where_a_reply_is_cut_off(string name)
    {
        ToolCallDialect dialect = ToolCallDialect.Named(name)!;
        Random random = new(2);
        string reply = Write(dialect, Arguments(random), random) + "\n" + Write(dialect, Arguments(random), random);
        string whole = Fold(dialect, [reply], out List<FunctionCallContent> all);
        for (int length = 0; length < reply.Length; length++)
        {
            string said = Fold(dialect, [reply[..length]], out List<FunctionCallContent> made);
            string open = Fold(dialect, [reply[..length]], out _, ends: false);

            Assert.True(made.Count <= all.Count);

            // What had come when the reply was cut stands, and where nothing of a call had, its beginning is text.
            Assert.StartsWith(open, said, StringComparison.Ordinal);
            if (open.Contains('('))
                Assert.StartsWith(open, whole, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_call_of_which_only_the_end_is_missing_is_whole()
    {
        Fold(Hermes, ["<tool_call>\n{\"name\": \"write\", \"arguments\": {\"path\": \"a\"}"], out List<FunctionCallContent> made);
        Assert.Equal("{\"path\":\"a\"}", Json(Assert.Single(made)));

        Fold(Xml, ["<tool_call>\n<function=write>\n<parameter=path>\na\n</parameter>\n</func"], out made);
        Assert.Equal("{\"path\":\"a\"}", Json(Assert.Single(made)));

        Fold(Xml, ["<tool_call>\n<function=write>\n<parameter=text>\na\n</parameter>\n</func"], out made);
        Assert.Empty(made);
    }

    [Theory]
    [InlineData("```\n{0}\n```")]
    [InlineData("<think>\n{0}")]
    [InlineData("\t<think>\n</think>\n{0}")]
    [InlineData("{{\"name\": \"stop\", \"arguments\": {{}}}}\n{0}")]
    [InlineData("<tool_call>{{\"name\": \"stop\", \"arguments\": {{}}}}</tool_call>\n{0}")]
    public void What_the_mask_does_not_vouch_for_comes_whole(string reply) => Assert.DoesNotContain(
        "write()",
        Pieces(Hermes, [string.Format(null, reply, "<tool_call>\n{\"name\": \"write\", \"arguments\": {\"path\": \"a\"}}\n</tool_call>")]));

    [Theory]
    [InlineData("<think>\n```\nHm.\n</think>\n\n{0}")]
    [InlineData("```\ncode\n```\n{0}")]
    [InlineData("A ``` is no fence, and a <tool_call is no tag.\n{0}")]
    [InlineData("{{\"a\": 1}}\n{0}")]
    [InlineData("{0}\nAnd now:\n```\ncode\n```\n{0}")]
    public void What_it_does_comes_in_pieces(string reply) => Assert.Contains(
        "write()",
        Pieces(Hermes, [string.Format(null, reply, "<tool_call>\n{\"name\": \"write\", \"arguments\": {\"path\": \"a\"}}\n</tool_call>")]));

    [Fact]
    public void Without_a_mask_there_are_no_pieces() => Assert.DoesNotContain(
        "write()",
        Pieces(Hermes, ["<tool_call>\n{\"name\": \"write\", \"arguments\": {\"path\": \"a\"}}\n</tool_call>"], held: null));

    private static IEnumerable<string> Pieces(ToolCallDialect dialect, IEnumerable<string> reply) => Pieces(dialect, reply, Held);

    private static List<string> Pieces(ToolCallDialect dialect, IEnumerable<string> reply, HeldCalls? held)
    {
        ReplySplitter splitter = new(new ReplyFormat { ToolCalls = dialect }, Tools, held: held);
        return
        [
            .. reply.SelectMany(splitter.Push).ToList().Concat(splitter.Finish()).Select(content => content switch
            {
                _ when CallFragment.Of(content) is { } fragment =>
                    fragment.Arguments.Length > 0 ? fragment.Arguments : $"{fragment.Name}()",
                FunctionCallContent => "!",
                TextContent text => text.Text,
                _ => "",
            }),
        ];
    }

    /// <summary>Text and calls, these as <c>name(arguments)</c> with the arguments of their pieces.</summary>
    private static string Fold(
        ToolCallDialect dialect, IEnumerable<string> reply, out List<FunctionCallContent> whole, bool ends = true)
    {
        ReplySplitter splitter = new(new ReplyFormat { ToolCalls = dialect }, Tools, held: Held);
        List<AIContent> contents = [.. reply.SelectMany(splitter.Push)];
        if (ends)
            contents.AddRange(splitter.Finish());

        StringBuilder said = new();
        string? open = null;
        whole = [];
        foreach (AIContent content in contents)
        {
            if (CallFragment.Of(content) is { } fragment)
            {
                said.Append(open == fragment.CallId ? "" : $"{fragment.Name}(").Append(fragment.Arguments);
                open = fragment.CallId;
            }
            else if (content is FunctionCallContent call)
            {
                Assert.Equal(open, call.CallId);
                said.Append(")\0");
                whole.Add(call);
            }
            else
            {
                said.Append(((TextContent)content).Text);
            }
        }

        return said.ToString();
    }

    private static IEnumerable<string> Texts(string folded) =>
        folded.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(call => call[(call.IndexOf('(') + 1)..^1]);

    private static string Write(ToolCallDialect dialect, JsonObject arguments, Random random)
    {
        if (dialect == Hermes)
        {
            string json = arguments.ToJsonString(new JsonSerializerOptions { WriteIndented = random.Next(2) == 0 });
            return $"<tool_call>\n{{\"name\": \"write\", \"arguments\": {json}}}\n</tool_call>";
        }

        IEnumerable<string> parameters = arguments.Select(argument => $"<parameter={argument.Key}>\n{Said(argument.Value)}\n</parameter>\n");
        return $"<tool_call>\n<function=write>\n{string.Concat(parameters)}</function>\n</tool_call>";
    }

    private static string Said(JsonNode? value) =>
        value is JsonValue text && text.TryGetValue(out string? said) ? said : value?.ToJsonString() ?? "null";

    private static JsonObject Arguments(Random random)
    {
        JsonObject arguments = new() { ["path"] = Text(random) };
        if (random.Next(2) == 0)
            arguments["text"] = Text(random);
        if (random.Next(2) == 0)
            arguments["lines"] = random.Next(-1000, 1000);
        if (random.Next(2) == 0)
            arguments["force"] = random.Next(2) == 0;
        if (random.Next(2) == 0)
            arguments["deep"] = new JsonObject { ["list"] = new JsonArray(1.5, Text(random), null, new JsonObject()) };
        if (random.Next(2) == 0)
            arguments["note"] = random.Next(2) == 0 ? null : Text(random);
        if (random.Next(2) == 0)
            arguments["mode"] = random.Next(2) == 0 ? "a" : 1;

        return arguments;
    }

    // What is hard to tell from the ends of things.
    private static string Text(Random random)
    {
        string[] parts =
        [
            "a", "\n", "\"", "\\", "{", "}", "]", "</tool_call>", "<tool_call>", "</parameter>", "\n</parameter", "<parameter=x>\n",
            "</function>\n", "😀", "ü", "\t", " ", "null", "```", "\\u00e9", "\u2028", "\r\n", "<", ">", "&", "'",
        ];
        string text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => parts[random.Next(parts.Length)]));

        // In XML a carriage return before the last line end belongs to it, and the end of a value cannot stand in it.
        while ($"{text}\n".Contains("\n</parameter>\n", StringComparison.Ordinal))
            text = $"{text}\n".Replace("\n</parameter>\n", "\n", StringComparison.Ordinal)[..^1];

        return text.TrimEnd('\r').Trim() is "null" ? "nil" : text.TrimEnd('\r');
    }

    private static string Json(FunctionCallContent call) => JsonSerializer.Serialize(call.Arguments);

    private static string Sorted(JsonNode node) => string.Join(
        ',', node.AsObject().OrderBy(member => member.Key).Select(member => $"{member.Key}:{member.Value?.ToJsonString()}"));

    private static AIFunctionDeclaration Tool(string name, string schema) =>
        AIFunctionFactory.CreateDeclaration(name, "A tool.", JsonElement.Parse(schema));
}
