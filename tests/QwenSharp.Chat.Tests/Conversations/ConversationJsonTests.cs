using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat.Conversations;

namespace QwenSharp.Chat.Tests.Conversations;

/// <summary>Conversations of text in OpenAI's form.</summary>
public sealed class ConversationJsonTests
{
    private const string Weather = """
        {"messages": [
           {"role": "developer", "content": "Be brief."},
           {"role": "user", "content": [{"type": "text", "text": "Rome "}, {"type": "text", "text": "and Bern?"}]},
           {"role": "assistant", "reasoning_content": "look", "tool_calls": [
             {"function": {"name": "weather", "arguments": "{\"city\": \"Rome\"}"}},
             {"id": "b", "index": 1, "type": "function", "function": {"name": "weather", "arguments": {"city": "Bern"}}}], "weight": 0},
           {"role": "tool", "content": "sun"}, {"role": "tool", "content": "rain", "tool_call_id": "b"}],
         "tools": [{"type": "function", "function": {"name": "weather", "strict": true}}, {"name": "now", "description": "The time."}],
         "kwargs": {"enable_thinking": false}}
        """;

    [Fact]
    public void A_conversation_is_read()
    {
        ConversationJson read = ConversationJson.Read(JsonElement.Parse(Weather));

        Assert.Equal(["system", "user", "assistant", "tool", "tool"], read.Messages.Select(message => message.Role));
        Assert.Equal("Rome and Bern?", read.Messages[1].Content);
        Assert.Equal(("look", false, 2), (read.Messages[2].Reasoning, read.Messages[2].IsLearnt, read.Messages[2].Calls.Count));
        Assert.Equal(["weather", "now"], read.Tools.Select(tool => tool.Name));
        Assert.Equal(JsonValueKind.False, read.Arguments["enable_thinking"].ValueKind);
        Assert.Equal(
            """{"role":"assistant","reasoning_content":"look","tool_calls":[{"type":"function","function":{"name":"weather","arguments":{"city":"Rome"}}},{"type":"function","id":"b","function":{"name":"weather","arguments":{"city":"Bern"}}}],"content":""}""",
            Written(read.Messages[2].WriteTo));
        Assert.Equal(
            """{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{}}}}""",
            Written(read.Tools[0].WriteTo));
    }

    [Fact]
    public void Neutral_messages_tie_results_to_calls()
    {
        IReadOnlyList<ChatMessage> messages = ConversationJson.Read(JsonElement.Parse(Weather)).ToChatMessages(5);

        string[] calls = [.. messages[2].Contents.OfType<FunctionCallContent>().Select(call => call.CallId)];
        Assert.Equal("b", calls[1]);
        Assert.Equal(calls, messages.Skip(3).SelectMany(message => message.Contents.OfType<FunctionResultContent>()).Select(one => one.CallId));
        Assert.Equal("look", messages[2].Contents.OfType<TextReasoningContent>().Single().Text);
    }

    [Theory]
    [InlineData("""{"messages": [{"role": "user", "content": "q"}, {"role": "user"}]}""", "messages[1]: the user's message has no \"content\".")]
    [InlineData(
        """{"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}}}, {"function": {"name": "f"}}]}]}""",
        "messages[0].tool_calls[1]: the call of \"f\" has no \"arguments\".")]
    [InlineData("""{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}""", "messages[0].content[0]: ")]
    [InlineData("""{"messages": [], "tools": [{"name": "f"}, 1]}""", "tools[1]: A tool is a number")]
    [InlineData("""{"messages": [{"role": "user", "content": "\ud800"}]}""", "messages[0]: ")]
    [InlineData("""{"messages": [], "name": "a"}""", "\"name\"")]
    public void What_is_wrong_is_said_with_its_place(string json, string said) =>
        Assert.StartsWith(
            said,
            Assert.ThrowsAny<JsonException>(() => ConversationJson.Read(JsonElement.Parse(json))).Message.Replace("A conversation has no field ", ""));

    [Fact]
    public void A_template_takes_the_names_that_training_data_has()
    {
        ChatTemplateConversation read = ChatTemplateConversation.Parse("""{"messages": [], "chat_template_kwargs": {"mood": "calm"}}""");
        Assert.Equal("calm", read.Arguments["mood"].GetString());
    }

    private static string Written(Action<Utf8JsonWriter> write)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
            write(json);

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
