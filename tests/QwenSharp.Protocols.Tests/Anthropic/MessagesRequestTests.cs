using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Anthropic;

namespace QwenSharp.Protocols.Tests.Anthropic;

public class MessagesRequestTests
{
    private static readonly ThoughtSigner Signer = new();

    [Fact]
    public void A_whole_request_arrives()
    {
        MessagesRequest request = Read(
            """
            "temperature":0.5,"top_p":0.9,"top_k":20,"stop_sequences":["a","b"],"stream":true,"model":"m","metadata":{"user_id":"u"},
            "system":[{"type":"text","text":"x-anthropic-billing-header: cch=1;"},{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],
            "tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"},"type":"custom","strict":true}],
            "tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true},"thinking":{"type":"enabled","budget_tokens":2000},
            "output_config":{"effort":"high","format":{"type":"json_schema","schema":{"type":"object"}}},"service_tier":"auto",
            "container":null,"mcp_servers":[]
            """);

        ChatOptions options = request.Options;
        Assert.Equal(("m", true, "u", 100), (request.Model, request.Stream, request.User, options.MaxOutputTokens));
        Assert.Equal((0.5f, 0.9f, 20), (options.Temperature, options.TopP, options.TopK));
        Assert.Equal(["a", "b"], options.StopSequences!);
        Assert.Equal(["s", "Hi"], request.Messages.Select(message => message.Text));
        AIFunctionDeclaration tool = Assert.IsType<AIFunctionDeclaration>(Assert.Single(options.Tools!), exactMatch: false);
        Assert.Equal(("f", "d", """{"type":"object"}"""), (tool.Name, tool.Description, tool.JsonSchema.GetRawText()));
        Assert.Equal("f", Assert.IsType<RequiredChatToolMode>(options.ToolMode).RequiredFunctionName);
        Assert.False(options.AllowMultipleToolCalls);
        Assert.Equal(ReasoningEffort.High, options.Reasoning!.Effort);
        Assert.IsType<ChatResponseFormatJson>(options.ResponseFormat);
        AdditionalChatOptions more = AdditionalChatOptions.Read(options);
        Assert.Equal((true, 2000, false), (more.EnableThinking, more.ThinkingBudget, more.ContinueFinalMessage));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("\"thinking\":{\"type\":\"disabled\"}", false)]
    [InlineData("\"thinking\":{\"type\":\"adaptive\"}", true)]
    public void Thinking_is_on_where_it_is_asked_for(string fields, bool expected)
    {
        MessagesRequest request = Read(fields.Length > 0 ? $"{fields},\"output_config\":{{\"effort\":\"low\"}}" : fields);

        Assert.Equal(expected, AdditionalChatOptions.Read(request.Options).EnableThinking);
        Assert.Equal(expected, request.Options.Reasoning is not null);
    }

    // As Claude Code sends them: the model finds tools by a search, whose result names them.
    [Fact]
    public void Deferred_tools_are_offered_once_they_are_found()
    {
        const string Fields = """
            "thinking":{"type":"adaptive","display":"updates"},"tools":[{"name":"search","input_schema":{"type":"object"}},
            {"name":"f","input_schema":{"type":"object"},"defer_loading":true},{"name":"g","input_schema":{"type":"object"},"defer_loading":true}]
            """;
        MessagesRequest before = Read(Fields), after = Read(Fields, """
            {"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"search","input":{}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"tool_reference","tool_name":"g"}]}]}
            """);

        Assert.Equal(["search"], before.Options.Tools!.Select(tool => tool.Name));
        Assert.Equal(["search", "g"], after.Options.Tools!.Select(tool => tool.Name));
        Assert.Equal("Found the tool g.", Assert.IsType<FunctionResultContent>(after.Messages[^1].Contents[0]).Result);
        Assert.Equal(
            ["search", "f"],
            Read(Fields + ",\"tool_choice\":{\"type\":\"tool\",\"name\":\"f\"}").Options.Tools!.Select(tool => tool.Name));
    }

    [Fact]
    public void A_conversation_arrives_in_its_parts()
    {
        IReadOnlyList<ChatMessage> messages = Read("", $$$"""
            {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]},
            {"role":"system","content":"c"},
            {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"{{{Signer.Sign("t")}}}"},
                {"type":"thinking","thinking":"t","signature":"bm8="},{"type":"redacted_thinking","data":"x"},{"type":"text","text":"d"},
                {"type":"tool_use","id":"1","name":"f","input":{"n":1.0}},{"type":"tool_use","id":"2","name":"g","input":{}}]},
            {"role":"user","content":[
                {"type":"tool_result","tool_use_id":"1","content":[{"type":"text","text":"r"},
                    {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]},
                {"type":"tool_result","tool_use_id":"2","content":"no","is_error":true},
                {"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"D"}},
                {"type":"search_result","title":"S","source":"http://s","content":[{"type":"text","text":"found"}],"citations":{"enabled":false}}]}
            """).Messages;

        Assert.Equal(["user", "system", "assistant", "user"], messages.Select(message => message.Role.Value));
        Assert.Equal(["a\nb", "c", "d", "T\nD\nS (http://s)\nfound"], messages.Select(message => message.Text));
        Assert.Equal(["t"], messages[2].Contents.OfType<TextReasoningContent>().Select(thought => thought.Text));
        Assert.Equal("1.0", ((JsonElement)messages[2].Contents.OfType<FunctionCallContent>().First().Arguments!["n"]!).GetRawText());
        List<FunctionResultContent> results = [.. messages[3].Contents.OfType<FunctionResultContent>()];
        Assert.Equal("r\n[image left out: this model reads text only]", results[0].Result);
        Assert.Equal("no", results[1].Exception!.Message);
    }

    [Theory]
    [InlineData("""{"role":"user","content":"a"},{"role":"assistant","content":"The"}""", true)]
    [InlineData("""{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}}]}""", false)]
    [InlineData("""{"role":"user","content":"a"}""", false)]
    public void The_assistants_last_message_is_gone_on_with(string messages, bool expected) =>
        Assert.Equal(expected, AdditionalChatOptions.Read(Read("", messages).Options).ContinueFinalMessage);

    [Theory]
    [InlineData("\"all\"", 3)]
    [InlineData("{\"type\":\"all\"}", 3)]
    [InlineData("{\"type\":\"thinking_turns\",\"value\":2}", 2)]
    [InlineData("null", 1)]
    public void Earlier_thoughts_are_forgotten_as_asked(string keep, int expected)
    {
        string turn = $$"""{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"{{Signer.Sign("t")}}"},{"type":"text","text":"b"}]}""";
        MessagesRequest request = Read(
            $$$"""
            "context_management":{"edits":[{"type":"clear_thinking_20251015","keep":{{{keep}}}}]}
            """,
            $"{turn},{turn},{turn}");

        Assert.Equal(expected, request.Messages.Count(message => message.Contents.Any(content => content is TextReasoningContent)));
        Assert.Equal("b", request.Messages[1].Text);
    }

    [Theory]
    [InlineData("\"messages\":[]", "'messages' must hold at least one message.")]
    [InlineData("\"messages\":[{\"role\":\"king\",\"content\":\"\"}]", "'messages[0].role' must be user, assistant or system")]
    [InlineData("\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"x\"}}]}]", "'messages[0].content[0].type' is 'image'")]
    [InlineData("\"messages\":[{\"role\":\"user\",\"content\":\"\",\"name\":\"x\"}]", "'messages[0].name' is not a field")]
    [InlineData("\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]", "'tools[0].type' is 'web_search_20250305'")]
    [InlineData("\"tools\":[{\"name\":\"f\"}]", "'tools[0].input_schema' is required")]
    [InlineData("\"tools\":[{\"name\":\"f\",\"input_schema\":{},\"defer_loading\":true}]", "'tools' must hold at least one")]
    [InlineData("\"tool_choice\":{\"type\":\"any\"}", "'tool_choice' is only allowed when 'tools' are given")]
    [InlineData("\"thinking\":{\"type\":\"enabled\"}", "'thinking.budget_tokens' is required")]
    [InlineData("\"output_config\":{\"task_budget\":1}", "'output_config.task_budget' is not a field")]
    [InlineData("\"context_management\":{\"edits\":[{\"type\":\"clear_tool_uses_20250919\"}]}", "'context_management.edits[0].type'")]
    [InlineData("\"container\":\"c\"", "'container' is not honoured")]
    [InlineData("\"mcp_servers\":[{}]", "'mcp_servers' are not asked")]
    [InlineData("\"stop_sequences\":[\"\"]", "'stop_sequences' holds an empty string")]
    [InlineData("\"cache_control\":{\"type\":\"eternal\"}", "'cache_control.type' must be 'ephemeral'")]
    [InlineData("\"temperature\":3", "'temperature' must be a number from 0 to 2")]
    [InlineData("\"surprise\":1", "'surprise' is not a field")]
    public void What_is_wrong_is_named_by_its_path(string field, string expected)
    {
        string messages = field.StartsWith("\"messages\"", StringComparison.Ordinal)
            ? ""
            : ",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";
        Exception? fault = Record.Exception(() =>
            MessagesRequest.Read(JsonElement.Parse($$"""{"max_tokens":100,{{field}}{{messages}}}"""), Signer).InText());

        Assert.Contains(expected, AnthropicFaults.Word(Assert.IsType<IOptionFault>(fault, exactMatch: false).Fault).Message);
    }

    [Fact]
    public void Signatures_hold_for_their_own_text_and_server_alone()
    {
        Assert.True(Signer.IsOwn("a", Signer.Sign("a")));
        Assert.False(Signer.IsOwn("b", Signer.Sign("a")));
        Assert.False(Signer.IsOwn("a", new ThoughtSigner().Sign("a")));
        Assert.False(Signer.IsOwn("a", ""));
    }

    private static MessagesRequest Read(string fields, string messages = """{"role":"user","content":"Hi"}""") => MessagesRequest.Read(
        JsonElement.Parse($$"""{"max_tokens":100,"messages":[{{messages}}]{{(fields.Length > 0 ? "," + fields : "")}}}"""),
        Signer).InText();
}
