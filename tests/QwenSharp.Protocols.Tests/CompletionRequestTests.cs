using System.Text.Json;
using QwenSharp.Chat;
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
    [InlineData("\"echo\":1", "\"a\"", "echo")]
    [InlineData("\"max_tokens\":0", "\"a\"", "max_tokens")]
    [InlineData("\"best_of\":1,\"n\":2", "\"a\"", "best_of")]
    [InlineData("\"best_of\":3,\"n\":2,\"stream\":true", "\"a\"", "best_of")]
    [InlineData("\"suffix\":\"x\"", "[1]", "suffix")]
    [InlineData("\"best_of\":128", "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\"]", "prompt")]
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

    [Fact]
    public void The_likeliest_of_several_shows_by_log_probabilities_that_need_not_be_told()
    {
        CompletionRequest quiet = Read("\"best_of\":3,\"n\":2"), told = Read("\"best_of\":3,\"n\":2,\"logprobs\":0");

        Assert.Equal((3, false, true), (quiet.BestOf, quiet.ReportsLogprobs, told.ReportsLogprobs));
        Assert.Equal(true, quiet.Generation.Options.AdditionalProperties![ChatOptionKeys.Logprobs]);
    }

    [Fact]
    public void A_suffix_goes_with_each_prompt()
    {
        CompletionRequest request = Read("\"suffix\":\"z\",\"echo\":true,\"max_tokens\":0", "[\"a\",\"b\"]");

        Assert.Equal(["a z", "b z"], request.Prompts.Select(prompt => $"{prompt.Text} {prompt.Suffix}"));
        Assert.True(request.Echoes);
    }

    private static CompletionRequest Read(string fields, string prompt = "\"a\"") => CompletionRequest.Read(JsonElement.Parse(
        $$"""{"model":"m","prompt":{{prompt}}{{(fields.Length > 0 ? "," + fields : "")}}}"""));
}
