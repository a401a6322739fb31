using System.Text.Json;
using Microsoft.Extensions.AI;

namespace QwenSharp.Chat.Tests;

/// <summary>From neutral messages, and from JSON, to what templates expect.</summary>
public sealed class ConversationTests
{
    [Fact]
    public void Neutral_messages_take_OpenAIs_form()
    {
        AIFunctionDeclaration tool = AIFunctionFactory.CreateDeclaration("f", "Does f.", JsonElement.Parse("""{ "type": "object" }"""));
        ChatTemplateConversation conversation = ChatTemplateConversation.From(
            [
                new(ChatRole.User, "hi") { AuthorName = "ann" },
                new(
                    ChatRole.Assistant,
                    [
                        new TextReasoningContent("why"),
                        new TextContent("so"),
                        new FunctionCallContent(
                            "c1",
                            "f",
                            new Dictionary<string, object?>
                            {
                                ["n"] = 1,
                                ["s"] = "é",
                                ["l"] = new[] { 1.5 },
                                ["j"] = JsonElement.Parse("[null]"),
                            }),
                    ]),
                new(
                    ChatRole.Tool,
                    [
                        new FunctionResultContent("c1", "text"),
                        new FunctionResultContent("c2", new Dictionary<string, object?> { ["é"] = true }),
                    ]),
            ],
            new() { Tools = [tool], Instructions = "be brief" });
        AssertJson(
            """
            [ { "role": "system", "content": "be brief" },
              { "role": "user", "content": "hi", "name": "ann" },
              { "role": "assistant", "content": "so", "reasoning_content": "why", "tool_calls": [
                { "type": "function", "id": "c1", "function": { "name": "f", "arguments": { "n": 1, "s": "é", "l": [1.5], "j": [null] } } } ] },
              { "role": "tool", "tool_call_id": "c1", "content": "text" },
              { "role": "tool", "tool_call_id": "c2", "content": "{\"é\":true}" } ]
            """,
            conversation.Messages);
        AssertJson(
            """[ { "type": "function", "function": { "name": "f", "description": "Does f.", "parameters": { "type": "object" } } } ]""",
            conversation.Tools!.Value);
        Assert.True(conversation.AddGenerationPrompt);
    }

    [Fact]
    public void Images_and_videos_become_parts()
    {
        ChatTemplateConversation conversation = ChatTemplateConversation.From([
            new(
                ChatRole.User,
                [
                    new TextContent("see"),
                    new UriContent("https://a/b.png", "image/png"),
                    new DataContent("data:image/png;base64,AA=="),
                    new UriContent("https://a/b.mp4", "video/mp4"),
                ]),
        ]);
        AssertJson(
            """
            [ { "role": "user", "content": [ { "type": "text", "text": "see" }, { "type": "image_url", "image_url": { "url": "https://a/b.png" } },
                { "type": "image_url", "image_url": { "url": "data:image/png;base64,AA==" } }, { "type": "video", "video": "https://a/b.mp4" } ] } ]
            """,
            conversation.Messages);
    }

    [Theory]
    [InlineData("messages")]
    [InlineData("tools")]
    public void Template_arguments_do_not_replace_the_conversation(string name)
    {
        ChatOptions options = new()
        {
            AdditionalProperties = new()
            {
                [ChatOptionKeys.ChatTemplateKwargs] = new Dictionary<string, object?> { [name] = Array.Empty<int>() },
            },
        };

        Assert.Contains(
            name,
            Assert.ThrowsAny<NotSupportedException>(() => ChatTemplateConversation.From([new(ChatRole.User, "hi")], options)).Message);
        Assert.Contains(
            name,
            Assert
                .Throws<JsonException>(() => ChatTemplateConversation.Parse($$"""{ "messages": [], "kwargs": { "{{name}}": [] } }"""))
                .Message);
    }

    [Fact]
    public void Instructions_join_a_system_message()
    {
        ChatTemplateConversation conversation = ChatTemplateConversation.From(
            [new(ChatRole.System, "b"), new(ChatRole.User, "c")],
            new() { Instructions = "a" });
        AssertJson("""[ { "role": "system", "content": "a\n\nb" }, { "role": "user", "content": "c" } ]""", conversation.Messages);
    }

    [Theory]
    [InlineData(ReasoningEffort.None, "False")]
    [InlineData(ReasoningEffort.High, "True")]
    [InlineData(null, "unset")]
    public void The_reasoning_option_switches_thinking(ReasoningEffort? effort, string expected)
    {
        ChatOptions options = new() { Reasoning = effort is null ? null : new() { Effort = effort } };
        Assert.Equal(expected, new ChatTemplate("{{ enable_thinking | default('unset') }}").Render([], options).Text);
    }

    [Fact]
    public void Template_arguments_come_from_the_named_property_and_win()
    {
        ChatOptions options = new()
        {
            Reasoning = new() { Effort = ReasoningEffort.High },
            AdditionalProperties = new()
            {
                [ChatOptionKeys.ChatTemplateKwargs] = new Dictionary<string, object?> { ["enable_thinking"] = false, ["style"] = "x" },
            },
        };
        Assert.Equal("False x", new ChatTemplate("{{ enable_thinking }} {{ style }}").Render([], options).Text);
    }

    [Theory]
    [InlineData(true, false, ReasoningEffort.None, true)]
    [InlineData(false, true, ReasoningEffort.High, false)]
    [InlineData(null, true, ReasoningEffort.None, true)]
    [InlineData(null, null, ReasoningEffort.None, false)]
    [InlineData(null, null, ReasoningEffort.Low, true)]
    [InlineData(null, null, null, null)]
    public void The_more_particular_option_decides_on_thinking(bool? key, bool? variable, ReasoningEffort? effort, bool? expected)
    {
        ChatOptions options = new() { Reasoning = new() { Effort = effort }, AdditionalProperties = [] };
        if (key is not null)
            options.AdditionalProperties[ChatOptionKeys.EnableThinking] = key;
        if (variable is not null)
        {
            options.AdditionalProperties[ChatOptionKeys.ChatTemplateKwargs] =
                new Dictionary<string, object?> { [ChatOptionKeys.EnableThinking] = variable };
        }

        Assert.Equal(expected, PromptOptions.Read(options).Thinking);
        Assert.Equal(
            expected?.ToString() ?? "unset",
            new ChatTemplate("{{ enable_thinking | default('unset') }}").Render([], options).Text);
    }

    [Fact]
    public void What_templates_have_no_form_for_is_refused_by_name()
    {
        Assert.Contains(
            "audio/wav",
            Assert
                .ThrowsAny<NotSupportedException>(() =>
                    ChatTemplateConversation.From([new(ChatRole.User, [new DataContent("data:audio/wav;base64,AA==")])]))
                .Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "ErrorContent",
            Assert
                .ThrowsAny<NotSupportedException>(() => ChatTemplateConversation.From([new(ChatRole.User, [new ErrorContent("x")])]))
                .Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "HostedWebSearchTool",
            Assert
                .ThrowsAny<NotSupportedException>(() => ChatTemplateConversation.From([], new() { Tools = [new HostedWebSearchTool()] }))
                .Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void No_tools_are_shown_where_none_may_be_called()
    {
        AIFunctionDeclaration tool = AIFunctionFactory.CreateDeclaration("f", null, JsonElement.Parse("{}"));
        Assert.Null(ChatTemplateConversation.From([], new() { Tools = [tool], ToolMode = ChatToolMode.None }).Tools);
        Assert.NotNull(ChatTemplateConversation.From([], new() { Tools = [tool] }).Tools);
    }

    [Theory]
    [InlineData("[]", "messages")]
    [InlineData("{}", "messages")]
    [InlineData("""{ "messages": {} }""", "messages")]
    [InlineData("""{ "messages": [], "tools": 1 }""", "tools")]
    [InlineData("""{ "messages": [], "kwargs": [] }""", "kwargs")]
    [InlineData("""{ "messages": [], "add_generation_prompt": "no" }""", "add_generation_prompt")]
    [InlineData("""{ "messages": [], "mesages": [] }""", "mesages")]
    public void A_malformed_conversation_is_refused_by_field(string json, string field) =>
        Assert.Contains(field, Assert.Throws<JsonException>(() => ChatTemplateConversation.Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Numbers_keep_their_kind_and_objects_their_order() =>
        Assert.Equal(
            """{"z": 1, "a": 1.0, "m": 12345678901234567890123, "e": 1e+20, "z2": -0.0, "i": 0}""",
            Templates.Text(
                "{{ x | tojson }}",
                """{ "x": { "z": 1, "a": 1.0, "m": 12345678901234567890123, "e": 1e20, "z2": -0.0, "i": -0 } }"""
            ));

    [Fact]
    public void One_template_renders_on_many_threads()
    {
        ChatTemplate template = new(Templates.Sample);
        ChatTemplateConversation conversation = ChatTemplateConversation.Parse(
            """{ "messages": [ { "role": "user", "content": "a" } ] }"""
        );
        string expected = template.Render(conversation).Text;
        Parallel.For(0, 200, _ => Assert.Equal(expected, template.Render(conversation).Text));
        Assert.Equal("<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n", expected);
    }

    private static void AssertJson(string expected, JsonElement actual) =>
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(expected), actual), actual.GetRawText());
}
