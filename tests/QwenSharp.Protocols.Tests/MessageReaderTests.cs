using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Protocols.Tests;

public class MessageReaderTests
{
    [Fact]
    public void A_whole_conversation_arrives()
    {
        IReadOnlyList<ChatMessage> messages = Read("""
            {"role":"developer","content":"Be brief."},
            {"role":"user","content":[{"type":"text","text":"What is"},{"type":"text","text":" the time?"}],"name":null},
            {"role":"assistant","content":null,"refusal":null,"annotations":[],"reasoning_content":"A clock would know.","tool_calls":[
                {"id":"call_1","type":"function","function":{"name":"clock","arguments":"{\"zone\":\"UTC\",\"tick\":1.0}"}},
                {"id":"call_2","type":"function","function":{"name":"now","arguments":""}}]},
            {"role":"tool","tool_call_id":"call_1","content":[{"type":"text","text":"12"},{"type":"text","text":":00"}]},
            {"role":"assistant","content":""}
            """);

        Assert.Equal(["system", "user", "assistant", "tool", "assistant"], messages.Select(message => message.Role.Value));
        Assert.Equal(["What is", " the time?"], messages[1].Contents.Select(content => ((TextContent)content).Text));
        Assert.Equal("A clock would know.", Assert.IsType<TextReasoningContent>(messages[2].Contents[0]).Text);
        FunctionCallContent call = Assert.IsType<FunctionCallContent>(messages[2].Contents[1]);
        Assert.Equal(("call_1", "clock"), (call.CallId, call.Name));
        Assert.Equal("UTC", ((JsonElement)call.Arguments!["zone"]!).GetString());
        Assert.Equal("1.0", ((JsonElement)call.Arguments["tick"]!).GetRawText());
        Assert.Empty(Assert.IsType<FunctionCallContent>(messages[2].Contents[2]).Arguments!);
        FunctionResultContent result = Assert.IsType<FunctionResultContent>(Assert.Single(messages[3].Contents));
        Assert.Equal(("call_1", "12:00"), (result.CallId, result.Result));
        Assert.Equal("", messages[4].Text);
    }

    [Fact]
    public void What_clients_send_back_arrives()
    {
        IReadOnlyList<ChatMessage> messages = Read("""
            {"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}],"name":"Ada"},
            {"role":"assistant","content":null,"reasoning":"Hm.","tool_calls":[]},
            {"role":"system","content":"b"},
            {"role":"assistant","content":[{"type":"text","text":"c"},{"type":"refusal","refusal":"No."}],"tool_calls":[
                {"index":0,"id":"call_1","type":"function","function":{"name":"look","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"call_1","content":[{"type":"text","text":"d "},{"type":"image_url","image_url":{"url":"x"}}]},
            {"role":"tool","tool_call_id":"call_1","content":null}
            """);

        Assert.Equal("Ada", messages[0].AuthorName);
        Assert.Equal("Hm.", Assert.IsType<TextReasoningContent>(Assert.Single(messages[1].Contents)).Text);
        Assert.Equal("cNo.", messages[3].Text);
        Assert.Equal(
            ["d [image left out: this model reads text only]", ""],
            messages.Skip(4).Select(message => Assert.IsType<FunctionResultContent>(message.Contents[0]).Result));
    }

    [Fact]
    public void The_older_form_of_calls_and_results_arrives()
    {
        IReadOnlyList<ChatMessage> messages = Read("""
            {"role":"user","content":"a"},
            {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{\"x\":1}"}},
            {"role":"function","name":"f","content":"b"},
            {"role":"assistant","content":"","function_call":{"name":"f","arguments":"{}"}},
            {"role":"function","name":"f","content":null}
            """);

        FunctionCallContent[] calls = [.. messages.SelectMany(message => message.Contents.OfType<FunctionCallContent>())];
        FunctionResultContent[] results = [.. messages.SelectMany(message => message.Contents.OfType<FunctionResultContent>())];
        Assert.Equal(calls.Select(call => call.CallId), results.Select(result => result.CallId));
        Assert.NotEqual(calls[0].CallId, calls[1].CallId);
        Assert.Equal(["b", ""], results.Select(result => result.Result));
        Assert.Equal(ChatRole.Tool, messages[2].Role);
    }

    // LangChain's agents name the assistant; OpenAI's library for agents copies a message's fields into the parts of its text.
    [Fact]
    public void What_libraries_for_agents_add_is_taken()
    {
        IReadOnlyList<ChatMessage> messages = Read("""
            {"role":"system","content":"s","name":"rules"},
            {"role":"assistant","name":"model","content":[{"type":"text","text":"a","role":"assistant","refusal":null,"annotations":[],
                "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}],
                "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"c","content":"r"},
            {"role":"assistant","content":null,"refusal":"No."}
            """);

        Assert.All(messages, message => Assert.Null(message.AuthorName));
        Assert.Single(messages[1].Contents.OfType<FunctionCallContent>());
        Assert.Equal(["s", "a", "", "No."], messages.Select(message => message.Text));
    }

    [Theory]
    [InlineData("", "messages", "invalid_value")]
    [InlineData("""{"role":"system","content":"Hi","name":1}""", "messages[0].name", "invalid_type")]
    [InlineData("1", "messages[0]", "invalid_type")]
    [InlineData("null", "messages[0]", "invalid_type")]
    [InlineData("""{"content":"Hi"}""", "messages[0].role", "missing_required_parameter")]
    [InlineData("""{"role":"king","content":"Hi"}""", "messages[0].role", "invalid_value")]
    [InlineData("""{"role":"user"}""", "messages[0].content", "missing_required_parameter")]
    [InlineData("""{"role":"user","content":1}""", "messages[0].content", "invalid_type")]
    [InlineData("""{"role":"user","content":"Hi","mood":1}""", "messages[0].mood", "unsupported_parameter")]
    [InlineData("""{"role":"user","content":"Hi","tool_calls":[]}""", "messages[0].tool_calls", "unsupported_parameter")]
    [InlineData(
        """{"role":"user","content":"Hi"},{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}""",
        "messages[1].content[0].type",
        "unsupported_parameter")]
    [InlineData("""{"role":"user","content":[{"type":"text"}]}""", "messages[0].content[0].text", "missing_required_parameter")]
    [InlineData(
        """{"role":"user","content":[{"type":"text","text":"a","cache":1}]}""",
        "messages[0].content[0].cache",
        "unsupported_parameter")]
    [InlineData("""{"role":"assistant","content":"","refusal":1}""", "messages[0].refusal", "invalid_type")]
    [InlineData("""{"role":"assistant","function_call":{}}""", "messages[0].function_call.name", "missing_required_parameter")]
    [InlineData("""{"role":"function","content":"x"}""", "messages[0].name", "missing_required_parameter")]
    [InlineData(
        """{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":"{}"}}]}""",
        "messages[0].tool_calls[0].id",
        "missing_required_parameter")]
    [InlineData(
        """{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":{}}}]}""",
        "messages[0].tool_calls[0].function.arguments",
        "invalid_type")]
    [InlineData(
        """{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"[1]"}}]}""",
        "messages[0].tool_calls[0].function.arguments",
        "invalid_value")]
    [InlineData(
        """{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{]"}}]}""",
        "messages[0].tool_calls[0].function.arguments",
        "invalid_value")]
    [InlineData("""{"role":"tool","content":"x"}""", "messages[0].tool_call_id", "missing_required_parameter")]
    public void What_is_wrong_is_named_by_its_path(string messages, string param, string code)
    {
        OpenAIError fault = Refusal.Of(() => Read(messages));

        Assert.Equal((param, code), (fault.Param, fault.Code));
    }

    private static IReadOnlyList<ChatMessage> Read(string messages) =>
        ChatCompletionRequest.Read(JsonElement.Parse($$"""{"model":"m","messages":[{{messages}}]}""")).InText().Messages;
}
