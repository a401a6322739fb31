using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Chat.Streaming;
using QwenSharp.Constraints;
using QwenSharp.Engine;
using QwenSharp.Grammars;
using QwenSharp.Tokenizers;

namespace QwenSharp.Tests;

/// <summary>Whatever the mask lets a model write of a call, its reader tells piece by piece, and takes nothing back.</summary>
public sealed class HeldCallTests : IDisposable
{
    private const int MostTokens = 400;

    private readonly QwenModel _model = QwenModel.Load(Path.Combine(AppContext.BaseDirectory, "qwensharp-box.gguf"));

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData("hermes", "Hm.\n", false)]
    [InlineData("xml", "Hm.\n", false)]
    [InlineData("hermes", "<think>\n```\n<tool_call>\n</think>\n\n", false)]
    [InlineData("xml", "```\n<tool_call>\n```\n", false)]
    [InlineData("hermes", "", true)]
    [InlineData("xml", "", true)]
    public void What_the_mask_lets_through_comes_in_pieces(string dialect, string before, bool isRequired)
    {
        Random random = new(3);
        ReplyPlanner planner = new(new ReplyVocabulary(_model.Tokenizer, _model.StopTokens));
        int calls = 0;
        for (int i = 0; i < 10; i++)
        {
            ReplyFormat format = new() { Reasons = true, ToolCalls = ToolCallDialect.Named(dialect) };
            ChatOptions options = new() { Tools = Tools, ToolMode = isRequired ? ChatToolMode.RequireAny : ChatToolMode.Auto };
            AdditionalChatOptions additional = AdditionalChatOptions.Read(options);
            AnswerOptions asked = AnswerOptions.Read(options, additional, PromptOptions.Read(options, additional).Tools);
            ITokenConstraint constraint = planner.Plan(asked, format, opensReasoning: false, thinking: null)!();
            ReplySplitter splitter = new(format, asked.Callable, held: ReplyPlanner.HeldCalls(asked, format, thinking: null));

            string reply = Walk(constraint, before + CallWatch.Opening, random, isRequired);
            List<AIContent> contents = [.. reply.Select(c => c.ToString()).SelectMany(splitter.Push), .. splitter.Finish()];
            int begin = contents.FindIndex(content => CallFragment.Of(content) is not null);

            Assert.True(begin >= 0, reply);
            Assert.DoesNotContain(contents[begin..], content => content is TextContent or TextReasoningContent);
            foreach (FunctionCallContent call in contents.OfType<FunctionCallContent>())
            {
                IEnumerable<CallFragment?> pieces = contents.Select(CallFragment.Of).Where(piece => piece?.CallId == call.CallId);
                JsonElement json = JsonElement.Parse(string.Concat(pieces.Select(piece => piece!.Arguments)));
                Assert.Null(call.Exception);
                AIFunctionDeclaration tool = Assert.IsAssignableFrom<AIFunctionDeclaration>(Tools.Single(tool => tool.Name == call.Name));
                Assert.True(Takes(tool.JsonSchema, JsonSerializer.Serialize(call.Arguments)), reply);
                Assert.True(JsonElement.DeepEquals(json, JsonSerializer.SerializeToElement(call.Arguments)) || HasTwice(json), reply);
                calls++;
            }
        }

        Assert.True(calls > 3, $"{calls} calls");
    }

    private static AITool[] Tools { get; } =
    [
        Tool("look_up", """{"type":"object","properties":{"word":{"type":"string"}},"required":["word"]}"""),
        Tool("add", """{"type":"object","properties":{"x":{"type":"integer"},"list":{"type":"array","items":{"type":"boolean"}}}}"""),
        Tool("any", """{"type":"object"}"""),
        Tool("note", """{"type":"object","properties":{"text":{"anyOf":[{"type":"string"},{"type":"null"}]},"kind":{"enum":["a","b"]}}}"""),
        Tool(
            "set",
            """
            {"type":"object","properties":{"mode":{"anyOf":[{"enum":["auto"]},{"type":"boolean"}]},"code":{"type":"string","pattern":"^[a-z]+$"},
             "label":{"anyOf":[{"type":"string","maxLength":5},{"type":"null"}]}},"required":["mode","code"],"additionalProperties":false}
            """),
    ];

    private static AIFunctionDeclaration Tool(string name, string schema) =>
        AIFunctionFactory.CreateDeclaration(name, "A tool.", JsonElement.Parse(schema));

    private bool Takes(JsonElement schema, string json)
    {
        GrammarMatcher matcher = new(Grammar.FromJsonSchema(schema), TokenVocabulary.Of(_model.Tokenizer));
        return matcher.TryAdvance(Encoding.UTF8.GetBytes(json)) && matcher.IsAccepting;
    }

    private static bool HasTwice(JsonElement json) =>
        json.EnumerateObject().Select(member => member.Name).Distinct().Count() < json.EnumerateObject().Count();

    // What a model that draws what it may writes up to the end of the call, or until it has run on for long.
    private string Walk(ITokenConstraint constraint, string beginning, Random random, bool goesOn)
    {
        uint[] mask = new uint[(_model.Tokenizer.VocabularySize + 31) / 32];
        List<byte> said = [];
        List<int> begin = [];
        _model.Tokenizer.Encode(beginning, begin, TokenParsing.Added);
        begin.ForEach(Take);
        for (int i = 0; i < MostTokens && constraint.TryMask(mask); i++)
        {
            int[] allowed = [.. Enumerable.Range(0, _model.Tokenizer.VocabularySize).Where(id => (mask[id / 32] & (1u << (id % 32))) != 0)];
            int[] ends = [.. allowed.Where(_model.StopTokens.Contains)];
            if (ends.Length > 0 && (!goesOn || random.Next(2) == 0))
                break;

            allowed = [.. allowed.Except(ends)];
            int[] closing = random.Next(3) == 0 ? [.. allowed.Where(id => _model.Tokenizer.GetBytes(id).ContainsAny("\"}]>\n"u8))] : [];
            Take(closing.Length > 0 ? closing[random.Next(closing.Length)] : allowed[random.Next(allowed.Length)]);
        }

        return Encoding.UTF8.GetString([.. said]);

        void Take(int token)
        {
            said.AddRange(_model.Tokenizer.GetBytes(token));
            constraint.Accept(token);
        }
    }
}
