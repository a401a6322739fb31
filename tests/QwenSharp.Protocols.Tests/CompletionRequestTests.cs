using System.Text.Json;
using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Protocols.Tests;

public class CompletionRequestTests
{
    [Theory]
    [InlineData("\"a\"", "a")]
    [InlineData("[\"a\",\"b\"]", "a|b")]
    [InlineData("[1,2]", "1,2")]
    [InlineData("[[1,2],[3]]", "1,2|3")]
    [InlineData("[\"a\",[1,2]]", "a|1,2")]
    [InlineData("\"\"", "")]
    [InlineData("[[]]", "")]
    public void A_prompt_is_text_or_tokens_or_several(string prompt, string expected) =>
        Assert.Equal(expected, string.Join('|', Read("", prompt).Prompts.Select(item => item.Text ?? string.Join(',', item.Tokens!))));

    [Fact]
    public void The_protocols_own_default_limits_the_answer()
    {
        Assert.Equal(16, Read("").Generation.Options.MaxOutputTokens);
        Assert.Equal(3, Read("\"max_tokens\":3").Generation.Options.MaxOutputTokens);
    }

    [Theory]
    [InlineData("\"best_of\":1,\"echo\":false,\"suffix\":\"\"")]
    [InlineData("\"best_of\":2,\"n\":2,\"suffix\":null")]
    public void Values_that_ask_for_nothing_are_accepted(string fields) => Read(fields);

    [Theory]
    [InlineData("\"echo\":true", "\"a\"", "echo")]
    [InlineData("\"best_of\":2", "\"a\"", "best_of")]
    [InlineData("\"suffix\":\"x\"", "\"a\"", "suffix")]
    [InlineData("\"logprobs\":6", "\"a\"", "logprobs")]
    [InlineData("\"logprobs\":true", "\"a\"", "logprobs")]
    [InlineData("\"messages\":[]", "\"a\"", "messages")]
    [InlineData("\"max_completion_tokens\":1", "\"a\"", "max_completion_tokens")]
    [InlineData("", "[]", "prompt")]
    [InlineData("", "{}", "prompt")]
    [InlineData("", "null", "prompt")]
    [InlineData("", "[1,\"a\"]", "prompt[1]")]
    [InlineData("", "[-1]", "prompt[0]")]
    [InlineData("", "[[1],[2.5]]", "prompt[1][0]")]
    public void What_is_not_honoured_is_refused_by_name(string fields, string prompt, string param)
    {
        OpenAIError fault = Refusal.Of(() => Read(fields, prompt));

        Assert.Equal(param, fault.Param);
    }

    private static CompletionRequest Read(string fields, string prompt = "\"a\"") => CompletionRequest.Read(JsonElement.Parse(
        $$"""{"model":"m","prompt":{{prompt}}{{(fields.Length > 0 ? "," + fields : "")}}}"""));
}
