using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Protocols.Tests;

/// <summary>What the fields of a chat completion become in neutral options.</summary>
public class ChatMappingTests
{
    private const string Tools =
        """ "tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}] """;

    [Theory]
    [InlineData("""{"type":"json_object"}""", null, null, null)]
    [InlineData("""{"type":"json_object","schema":{"type":"array"}}""", """{"type":"array"}""", null, null)]
    [InlineData("""{"type":"json_schema","schema":{"type":"array"}}""", """{"type":"array"}""", null, null)]
    [InlineData(
        """{"type":"json_schema","json_schema":{"name":"n","description":"d","strict":true,"schema":{"type":"object"}}}""",
        """{"type":"object"}""",
        "n",
        "d")]
    [InlineData("""{"type":"json_schema","json_schema":{"name":"n"}}""", null, null, null)]
    public void A_response_format_is_one(string format, string? schema, string? name, string? description)
    {
        ChatResponseFormatJson read = Assert.IsType<ChatResponseFormatJson>(Read($"\"response_format\":{format}").ResponseFormat);

        Assert.Equal((schema, name, description), (read.Schema?.GetRawText(), read.SchemaName, read.SchemaDescription));
    }

    [Theory]
    [InlineData("\"guided_json\":{\"type\":\"object\"}")]
    [InlineData("\"guided_json\":\"{\\\"type\\\":\\\"object\\\"}\"")]
    [InlineData("\"json_schema\":{\"type\":\"object\"}")]
    [InlineData("\"structured_outputs\":{\"json\":{\"type\":\"object\"}}")]
    public void Schemas_have_several_names(string field) => Assert.Equal(
        """{"type":"object"}""",
        Assert.IsType<ChatResponseFormatJson>(Read(field).ResponseFormat).Schema?.GetRawText());

    [Fact]
    public void Any_json_can_be_asked_for_as_a_structured_output() =>
        Assert.Same(ChatResponseFormat.Json, Read("\"structured_outputs\":{\"json_object\":true}").ResponseFormat);

    [Theory]
    [InlineData("\"guided_regex\":\"a+\"", "Regex { Pattern = a+ }")]
    [InlineData("\"structured_outputs\":{\"regex\":\"a+\"}", "Regex { Pattern = a+ }")]
    [InlineData("\"guided_grammar\":\"root ::= x\"", "Gbnf { Text = root ::= x }")]
    [InlineData("\"grammar\":\"root ::= x\"", "Gbnf { Text = root ::= x }")]
    [InlineData("\"structured_outputs\":{\"grammar\":\"root ::= x\"}", "Gbnf { Text = root ::= x }")]
    public void Grammars_have_several_names(string field, string expected) =>
        Assert.Equal(expected, Read(field).AdditionalProperties![ChatOptionKeys.Grammar]!.ToString());

    [Theory]
    [InlineData("\"guided_choice\":[\"a\",\"b\"]")]
    [InlineData("\"structured_outputs\":{\"choice\":[\"a\",\"b\"]}")]
    public void A_choice_is_of_texts(string field) => Assert.Equal(
        ["a", "b"],
        Assert.IsType<OutputGrammar.Choice>(Read(field).AdditionalProperties![ChatOptionKeys.Grammar]).Texts);

    [Theory]
    [InlineData("\"response_format\":{\"type\":\"json_object\"},\"guided_regex\":\"a\"", "guided_regex")]
    [InlineData("\"grammar\":\"a\",\"json_schema\":{}", "grammar")]
    [InlineData("\"structured_outputs\":{\"regex\":\"a\",\"choice\":[\"b\"]}", "structured_outputs.choice")]
    [InlineData("\"reasoning_effort\":\"high\",\"reasoning\":{\"effort\":\"low\"}", "reasoning.effort")]
    [InlineData("\"enable_thinking\":true,\"reasoning_effort\":\"none\"", "reasoning_effort")]
    [InlineData("\"enable_thinking\":true,\"thinking\":{\"type\":\"disabled\"}", "thinking.type")]
    [InlineData("\"thinking_budget\":1,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2}", "thinking_budget")]
    [InlineData("\"continue_final_message\":true,\"add_generation_prompt\":true", "continue_final_message")]
    [InlineData("\"repeat_penalty\":1,\"repetition_penalty\":1", "repeat_penalty")]
    [InlineData(Tools + ",\"functions\":[]", "functions")]
    [InlineData("\"function_call\":\"auto\"", "function_call")]
    public void What_contradicts_another_field_is_refused(string fields, string param)
    {
        OpenAIError fault = Refusal.Of(() => ChatCompletionRequest.Read(Body(fields)));

        Assert.Equal((param, "invalid_value"), (fault.Param, fault.Code));
    }

    [Theory]
    [InlineData("\"auto\"", "auto")]
    [InlineData("\"none\"", "none")]
    [InlineData("\"required\"", "required")]
    [InlineData("""{"type":"function","function":{"name":"g"}}""", "g")]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"g"}}]}}""", "auto", "g")]
    [InlineData(
        """{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"g"}}]}}""",
        "required",
        "g")]
    public void A_tool_choice_is_one(string choice, string expected, params string[] allowed)
    {
        ChatOptions options = Read($"{Tools},\"tool_choice\":{choice}");

        Assert.Equal(
            expected,
            options.ToolMode switch
            {
                NoneChatToolMode => "none",
                RequiredChatToolMode required => required.RequiredFunctionName ?? "required",
                _ => "auto",
            });
        Assert.Equal(allowed, options.AdditionalProperties!.GetValueOrDefault(ChatOptionKeys.AllowedTools) as IEnumerable<string> ?? []);
    }

    [Theory]
    [InlineData("""{"type":"function","function":{"name":"h"}}""", "tool_choice.function.name")]
    [InlineData("""{"type":"custom","custom":{"name":"g"}}""", "tool_choice.type")]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}""", "tool_choice.allowed_tools.tools")]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"none","tools":[]}}""", "tool_choice.allowed_tools.mode")]
    public void A_choice_that_cannot_be_is_refused(string choice, string param) =>
        Assert.Equal(param, Refusal.Of(() => Read($"{Tools},\"tool_choice\":{choice}")).Param);

    [Fact]
    public void One_call_at_a_time_can_be_asked_for()
    {
        Assert.False(Read($"{Tools},\"parallel_tool_calls\":false").AllowMultipleToolCalls);
        Assert.Null(Read(Tools).AllowMultipleToolCalls);
        Assert.Null(Read("\"parallel_tool_calls\":false").AllowMultipleToolCalls);
    }

    [Fact]
    public void Functions_are_tools_of_which_one_is_called()
    {
        ChatCompletionRequest request = ChatCompletionRequest.Read(
            Body("\"functions\":[{\"name\":\"f\",\"description\":\"d\",\"parameters\":{}}],\"function_call\":{\"name\":\"f\"}"));

        Assert.True(request.CallsFunctions);
        Assert.Equal("f", request.Generation.Options.Tools!.Single().Name);
        Assert.Equal("f", Assert.IsType<RequiredChatToolMode>(request.Generation.Options.ToolMode).RequiredFunctionName);
        Assert.False(request.Generation.Options.AllowMultipleToolCalls);
    }

    [Theory]
    [InlineData("\"enable_thinking\":false", false, null)]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":7}", true, 7)]
    [InlineData("\"thinking\":{\"type\":\"disabled\"}", false, null)]
    [InlineData("\"thinking\":{\"type\":\"adaptive\"}", null, null)]
    [InlineData("\"thinking_budget\":7", null, 7)]
    [InlineData("\"thinking_token_budget\":7", null, 7)]
    [InlineData("\"reasoning\":{\"enabled\":true,\"max_tokens\":7}", true, 7)]
    [InlineData("\"reasoning_effort\":\"none\"", null, null)]
    public void Thinking_is_switched_and_limited(string field, bool? thinks, int? budget)
    {
        AdditionalChatOptions options = AdditionalChatOptions.Read(Read(field));

        Assert.Equal((thinks, budget), (options.EnableThinking, options.ThinkingBudget));
    }

    [Theory]
    [InlineData("\"reasoning_effort\":\"none\"", ReasoningEffort.None)]
    [InlineData("\"reasoning_effort\":\"minimal\"", ReasoningEffort.Low)]
    [InlineData("\"reasoning\":{\"effort\":\"xhigh\"}", ReasoningEffort.ExtraHigh)]
    public void Effort_is_mapped(string field, ReasoningEffort effort) => Assert.Equal(effort, Read(field).Reasoning!.Effort);

    [Theory]
    [InlineData("\"reasoning\":{\"exclude\":true}")]
    [InlineData("\"include_reasoning\":false")]
    public void Reasoning_can_be_left_out(string field) => Assert.Equal(ReasoningOutput.None, Read(field).Reasoning!.Output);

    [Fact]
    public void The_last_message_is_gone_on_with()
    {
        ChatCompletionRequest request = ChatCompletionRequest.Read(JsonElement.Parse(
            """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}],"add_generation_prompt":false,"continue_final_message":true}"""));

        Assert.Equal(true, request.Generation.Options.AdditionalProperties![ChatOptionKeys.ContinueFinalMessage]);
        Assert.Equal("continue_final_message", Refusal.Of(() => Read("\"continue_final_message\":true")).Param);
        Assert.Equal("add_generation_prompt", Refusal.Of(() => Read("\"add_generation_prompt\":false")).Param);
    }

    [Fact]
    public void Tokens_that_end_an_answer_can_be_added_and_taken_away()
    {
        AdditionalChatOptions options = AdditionalChatOptions.Read(Read("\"stop_token_ids\":[1,2],\"ignore_eos\":true"));

        Assert.Equal([1, 2], options.StopTokens);
        Assert.True(options.IgnoreEndOfSequence);
        Assert.Equal("stop_token_ids[1]", Refusal.Of(() => Read("\"stop_token_ids\":[1,-2]")).Param);
    }

    private static ChatOptions Read(string fields) => ChatCompletionRequest.Read(Body(fields)).InText().Generation.Options;

    private static JsonElement Body(string fields) =>
        JsonElement.Parse($$"""{"messages":[{"role":"user","content":"Hi"}],{{fields}}}""");
}
