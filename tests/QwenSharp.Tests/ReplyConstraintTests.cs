using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Chat.Streaming;
using QwenSharp.Constraints;
using QwenSharp.Engine;
using QwenSharp.Faults;
using QwenSharp.Tokenizers;

namespace QwenSharp.Tests;

/// <summary>
/// What an answer is held to, seen as the engine sees it: masks and forced tokens, with the vocabulary of the model in the box.
/// </summary>
public sealed class ReplyConstraintTests : IDisposable
{
    private const string Schema = """
        {"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}
        """;

    private readonly QwenModel _model = QwenModel.Load(Path.Combine(AppContext.BaseDirectory, "qwensharp-box.gguf"));

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData("{\"a\": 5}", true)]
    [InlineData("<think>\nWhat is {a}?\n</think>\n\n{\"a\":-12}", true)]
    [InlineData("{\"a\": 5} and more", false)]
    [InlineData("Sure: {\"a\": 5}", false)]
    [InlineData("<think>\n</think>\n\nSure: {\"a\": 5}", false)]
    [InlineData("{\"a\": \"5\"}", false)]
    [InlineData("{\"b\": 5}", false)]
    public void A_response_format_binds_what_follows_the_reasoning(string answer, bool isTaken)
    {
        ChatOptions options = new() { ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse(Schema)) };
        Assert.Equal(isTaken, Takes(options, answer, ends: true));
    }

    [Theory]
    [InlineData("Let me see.\n<tool_call>\n{\"name\": \"look_up\", \"arguments\": {\"word\": \"tea\"}}\n</tool_call>", true)]
    [InlineData(
        "<tool_call>\n{\"name\": \"look_up\", \"arguments\": {\"word\": \"a\"}}\n</tool_call>\n<tool_call>"
        + "\n{\"name\": \"add\", \"arguments\": {\"x\": 1, \"y\": 2}}\n</tool_call>",
        true)]
    [InlineData("<tool_call>\n{\"name\": \"add\", \"arguments\": {\"y\": 2, \"x\": 1}}\n</tool_call>", true)]
    [InlineData("<tool_call>\n{\"name\": \"look_down\"", false)]
    [InlineData("<tool_call>\n{\"name\": \"add\", \"arguments\": {\"x\": \"1\"", false)]
    [InlineData("<tool_call>\n{\"name\": \"add\", \"arguments\": {\"x\": 1}", false)]
    [InlineData("```\n<tool_call>\n{\"name\": \"look_down\"}\n```", true)]
    [InlineData("Hello.", true)]
    public void A_call_names_an_offered_tool_and_has_its_arguments(string answer, bool isTaken) =>
        Assert.Equal(isTaken, Takes(new ChatOptions { Tools = [LookUp, Add] }, answer, ends: isTaken));

    [Theory]
    [InlineData("<tool_call>\n<function=look_up>\n<parameter=word>\ntwo\nlines\n</parameter>\n</function>\n</tool_call>", true)]
    [InlineData(
        "<tool_call>\n<function=add>\n<parameter=y>\n2\n</parameter>\n<parameter=x>\n1\n</parameter>\n</function>"
        + "\n</tool_call>",
        true)]
    [InlineData("<tool_call>\n<function=add>\n<parameter=x>\n1\n</parameter>\n</function>", false)]
    [InlineData("<tool_call>\n<function=add>\n<parameter=x>\none", false)]
    [InlineData("<tool_call>\n<function=add>\n<parameter=z>", false)]
    [InlineData("<tool_call>\n<function=add>\n<parameter=x>\n1\n</parameter>\n<parameter=x>", false)]
    public void Calls_in_XML_too(string answer, bool isTaken) => Assert.Equal(
        isTaken, Takes(new ChatOptions { Tools = [LookUp, Add] }, answer, ends: isTaken, dialect: "xml"));

    [Theory]
    [InlineData("""{"type":"string","pattern":"^[A-Z]{2}[0-9]+$"}""", "AB12", true)]
    [InlineData("""{"type":"string","pattern":"^[A-Z]{2}[0-9]+$"}""", "AB", false)]
    [InlineData("""{"type":"string","pattern":"^[A-Z]{2}[0-9]+$"}""", "ab", false)]
    [InlineData("""{"type":"string","maxLength":3}""", "abc", true)]
    [InlineData("""{"type":"string","maxLength":3}""", "abcd", false)]
    [InlineData("""{"type":"string","minLength":2}""", "a", false)]
    [InlineData("""{"type":"string","format":"date"}""", "2024-02-29", true)]
    [InlineData("""{"type":"string","format":"date"}""", "tomorrow", false)]
    [InlineData("""{"anyOf":[{"type":"string","pattern":"^a+$"},{"type":"null"}]}""", "aa", true)]
    [InlineData("""{"anyOf":[{"type":"string","pattern":"^a+$"},{"type":"null"}]}""", "null", true)]
    [InlineData("""{"anyOf":[{"type":"string","pattern":"^a+$"},{"type":"null"}]}""", "none", false)]
    [InlineData("""{"anyOf":[{"type":"string","pattern":"^a+$"},{"type":"integer"}]}""", "12", false)]
    [InlineData("""{"enum":["auto",true,3]}""", "auto", true)]
    [InlineData("""{"enum":["auto",true,3]}""", "true", true)]
    [InlineData("""{"enum":["auto",true,3]}""", "3", true)]
    [InlineData("""{"enum":["auto",true,3]}""", "\"auto\"", false)]
    [InlineData("""{"enum":["auto",true,3]}""", "4", false)]
    [InlineData("""{"anyOf":[{"enum":["auto"]},{"type":"boolean"}]}""", "false", true)]
    [InlineData("""{"anyOf":[{"enum":["auto"]},{"type":"boolean"}]}""", "off", false)]
    [InlineData("""{"const":"x y"}""", "x y", true)]
    [InlineData("""{"$ref":"#/$defs/Code"}""", "Q7", true)]
    [InlineData("""{"$ref":"#/$defs/Code"}""", "7", false)]
    [InlineData("""{"type":["string","integer"]}""", "any text", true)]
    public void What_stands_without_quotes_is_held_to_its_schema_too(string schema, string value, bool isTaken)
    {
        AIFunctionDeclaration tool = Tool("f", $$$"""
            {"type":"object","properties":{"p":{{{schema}}}},"required":["p"],"$defs":{"Code":{"type":"string","pattern":"^[A-Z]"} } }
            """);
        string call = $"<tool_call>\n<function=f>\n<parameter=p>\n{value}\n</parameter>\n</function>\n</tool_call>";
        Assert.Equal(isTaken, Takes(new ChatOptions { Tools = [tool] }, call, ends: true, dialect: "xml"));
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"minProperties":1}""", "minProperties")]
    [InlineData("""{"type":"object","properties":{"a":{}},"anyOf":[{"required":["a"]}]}""", "anyOf")]
    [InlineData("""{"type":"object","properties":{"a":{}},"required":["b"]}""", "required")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"}}""", "additionalProperties")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","pattern":"(a)\\1"}}}""", "pattern")]
    public void What_calls_in_XML_cannot_be_held_to_is_refused_of_a_strict_tool(string schema, string keyword)
    {
        ReplyPlanner planner = new(new ReplyVocabulary(_model.Tokenizer, _model.StopTokens));
        OptionNotSupportedException refused = Assert.Throws<OptionNotSupportedException>(
            () => Plan(planner, new StrictTool("f", JsonElement.Parse(schema)), "xml"));
        Assert.Contains(keyword, refused.Message, StringComparison.Ordinal);
        Assert.NotNull(Plan(planner, Tool("f", schema), "xml"));
    }

    [Fact]
    public void A_required_call_comes_at_once_and_one_call_is_one()
    {
        ChatOptions options = new() { Tools = [LookUp, Add], ToolMode = ChatToolMode.RequireSpecific("add") };
        string call = "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"x\": 1, \"y\": 2}}\n</tool_call>";
        Assert.True(Takes(options, call, ends: true));
        Assert.True(Takes(options, "<think>\nHm.\n</think>\n\n" + call, ends: true));
        Assert.False(Takes(options, "Hello", ends: false));
        Assert.False(Takes(options, call + "\n<tool_call>", ends: false));
        Assert.False(Takes(options, call.Replace("add", "look_up", StringComparison.Ordinal), ends: false));

        // All up to the first argument is known, but for its last space: a token may have that and more.
        ITokenConstraint constraint = Constraint(options, opensReasoning: false, thinking: false);
        Assert.StartsWith("<tool_call>\n{\"name\": \"add\", \"arguments\":", Forced(constraint), StringComparison.Ordinal);
    }

    [Fact]
    public void A_budget_ends_reasoning_in_words_and_the_answer_follows()
    {
        ChatOptions options = new() { AdditionalProperties = new() { [ChatOptionKeys.ThinkingBudget] = 3 } };
        ITokenConstraint constraint = Constraint(options, opensReasoning: true, thinking: true);
        int[] thoughts = Encode("one two three four");
        for (int i = 0; i < 3; i++)
        {
            Assert.Empty(constraint.Forced.ToArray());
            constraint.Accept(thoughts[i]);
        }

        string end = Forced(constraint);
        Assert.StartsWith("\n\nConsidering the limited time", end, StringComparison.Ordinal);
        Assert.EndsWith("</think>", end.TrimEnd(), StringComparison.Ordinal);
        Assert.Empty(constraint.Forced.ToArray());
        Assert.False(constraint.TryMask(new uint[(_model.Tokenizer.VocabularySize + 31) / 32]));
    }

    // What might become the tag of reasoning, and is the answer's.
    [Theory]
    [InlineData("<thing>", "<thing>", true)]
    [InlineData(" {3}x", "   x", true)]
    [InlineData(" {3}x", "      x", false)]
    [InlineData("\\n{4}x", "\n\n\n\nx", true)]
    [InlineData(" *<t", "  <t", true)]
    [InlineData("\\n{3}x", "<think>\n</think>\n\n\n\n\nx", true)]
    public void An_answer_may_look_like_the_opening_of_reasoning(string pattern, string answer, bool isTaken) => Assert.Equal(
        isTaken, Takes(Held(new OutputGrammar.Regex(pattern)), answer, ends: true));

    [Fact]
    public void No_token_ends_reasoning_and_begins_an_answer_at_once()
    {
        ReplyVocabulary vocabulary = new(_model.Tokenizer, _model.StopTokens);
        (int token, string text) = Enumerable.Range(0, _model.Tokenizer.VocabularySize)
            .Select(id => (id, Encoding.UTF8.GetString(vocabulary.Bytes(id))))
            .First(one => one.Item2.Length > 1 && one.Item2[0] == '"' && char.IsAscii(one.Item2[1]) && one.Item2[1] != '\n');
        Assert.Contains(token, vocabulary.Straddling("end\"", 3, 2));
        Assert.DoesNotContain(token, vocabulary.Straddling("end\"", 2, 2));
        Assert.DoesNotContain(Encode("\"")[0], vocabulary.Straddling("end\"", 3, 2));
        Assert.NotEmpty(text);
    }

    [Fact]
    public void A_grammar_that_takes_too_much_to_follow_is_refused_on_the_way_by_the_option_that_asked_for_it()
    {
        const string Many = "root ::= s\ns ::= [a-z] s s | [a-z] s | [a-z]";
        ITokenConstraint constraint = Constraint(Held(new OutputGrammar.Gbnf(Many)), opensReasoning: false, thinking: false);
        uint[] mask = new uint[(_model.Tokenizer.VocabularySize + 31) / 32];
        int letter = Encode("a")[0];
        OptionNotSupportedException refused = Assert.Throws<OptionNotSupportedException>(() =>
        {
            for (int i = 0; i < 2_000; i++)
            {
                constraint.TryMask(mask);
                constraint.Accept(letter);
            }
        });
        Assert.Equal(ChatOptionKeys.Grammar, refused.Fault.Option);
    }

    [Fact]
    public void A_strict_tool_is_refused_also_after_the_same_one_was_called_without_strictness()
    {
        const string Open = """{"type":"object","properties":{"a":{"type":"string","pattern":"(a)\\1"}}}""";
        ReplyPlanner planner = new(new ReplyVocabulary(_model.Tokenizer, _model.StopTokens));
        Assert.NotNull(Plan(planner, Tool("f", Open)));
        Assert.Throws<OptionNotSupportedException>(() => Plan(planner, new StrictTool("f", JsonElement.Parse(Open))));
    }

    [Theory]
    [InlineData("hermes")]
    [InlineData("xml")]
    public void Tools_may_take_so_long_to_prepare_and_no_longer(string dialect)
    {
        ReplyPlanner planner = new(new ReplyVocabulary(_model.Tokenizer, _model.StopTokens), TimeSpan.Zero);
        OptionNotSupportedException refused = Assert.Throws<OptionNotSupportedException>(() => Plan(planner, Add, dialect));
        Assert.Equal(nameof(ChatOptions.Tools), refused.Fault.Option);
    }

    [Fact]
    public void A_call_far_in_a_line_is_a_call()
    {
        string answer = string.Concat(Enumerable.Repeat("word ", 2_000)) + "<tool_call>\n{\"name\": \"look_down\"";
        Assert.False(Takes(new ChatOptions { Tools = [LookUp, Add] }, answer, ends: false));
    }

    private static ChatOptions Held(OutputGrammar grammar) => new()
    {
        AdditionalProperties = new() { [ChatOptionKeys.Grammar] = grammar },
    };

    private static Func<ITokenConstraint>? Plan(ReplyPlanner planner, AIFunctionDeclaration tool, string dialect = "hermes")
    {
        ChatOptions options = new() { Tools = [tool] };
        AdditionalChatOptions additional = AdditionalChatOptions.Read(options);
        AnswerOptions asked = AnswerOptions.Read(options, additional, PromptOptions.Read(options, additional).Tools);
        return planner.Plan(asked, new ReplyFormat { ToolCalls = ToolCallDialect.Named(dialect) }, false, false);
    }

    private sealed class StrictTool(string name, JsonElement schema) : AIFunctionDeclaration
    {
        public override string Name => name;

        public override JsonElement JsonSchema => schema;

        public override IReadOnlyDictionary<string, object?> AdditionalProperties { get; } =
            new Dictionary<string, object?> { ["strict"] = true };
    }

    private static AIFunctionDeclaration LookUp => Tool(
        "look_up", """{"type":"object","properties":{"word":{"type":"string"}},"required":["word"]}""");

    private static AIFunctionDeclaration Add => Tool(
        "add",
        """
        {"type":"object","properties":{"x":{"type":"integer"},"y":{"type":"integer"}},"required":["x","y"],"additionalProperties":false}
        """);

    private static AIFunctionDeclaration Tool(string name, string schema) =>
        AIFunctionFactory.CreateDeclaration(name, "A tool.", JsonElement.Parse(schema));

    private ITokenConstraint Constraint(ChatOptions options, bool opensReasoning, bool? thinking, string dialect = "hermes")
    {
        AdditionalChatOptions additional = AdditionalChatOptions.Read(options);
        AnswerOptions asked = AnswerOptions.Read(options, additional, PromptOptions.Read(options, additional).Tools);
        ReplyFormat format = new() { Reasons = true, ToolCalls = ToolCallDialect.Named(dialect) };
        ReplyPlanner planner = new(new ReplyVocabulary(_model.Tokenizer, _model.StopTokens));
        return planner.Plan(asked, format, opensReasoning, thinking)!();
    }

    /// <summary>Whether the constraint lets an answer through, token by token, and to its end.</summary>
    private bool Takes(ChatOptions options, string answer, bool ends, string dialect = "hermes")
    {
        ITokenConstraint constraint = Constraint(options, opensReasoning: false, thinking: null, dialect);
        uint[] mask = new uint[(_model.Tokenizer.VocabularySize + 31) / 32];
        foreach (int token in Encode(answer))
        {
            if (constraint.TryMask(mask) && (mask[token / 32] & (1u << (token % 32))) == 0)
                return false;

            constraint.Accept(token);
        }

        return !ends || !constraint.TryMask(mask) || _model.StopTokens.Any(token => (mask[token / 32] & (1u << (token % 32))) != 0);
    }

    private int[] Encode(string text)
    {
        List<int> ids = [];
        _model.Tokenizer.Encode(text, ids, TokenParsing.Added);
        return [.. ids];
    }

    /// <summary>Takes all that is forced.</summary>
    private string Forced(ITokenConstraint constraint)
    {
        List<byte> text = [];
        while (constraint.Forced is [int token, ..])
        {
            text.AddRange(_model.Tokenizer.GetBytes(token));
            constraint.Accept(token);
        }

        return Encoding.UTF8.GetString([.. text]);
    }
}
