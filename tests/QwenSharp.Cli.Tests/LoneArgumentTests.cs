using QwenSharp.Cli.Run;

namespace QwenSharp.Cli.Tests;

public class LoneArgumentTests
{
    [Theory]
    [InlineData("Hello")]
    [InlineData("Hi!")]
    [InlineData("你好")]
    [InlineData("2+2=?")]
    [InlineData("42")]
    [InlineData("well-known")]
    [InlineData("Who are you?")]
    [InlineData("Why:")]
    [InlineData("...")]
    [InlineData("What is ./configure?")]
    public void A_request_is_one(string text) => Assert.True(LoneArgument.IsPrompt(text));

    [Theory]
    [InlineData("qwen3:0.6b")]
    [InlineData("qwen3:0.6bb")]
    [InlineData("qwen3")]
    [InlineData("Qwen3-0.6B-Q8_0")]
    [InlineData("qwne3")]
    [InlineData("llama3")]
    [InlineData("gpt-4o")]
    [InlineData("Qwen/Qwen3-0.6B")]
    [InlineData("https://huggingface.co/Qwen/Qwen3-0.6B")]
    [InlineData("box")]
    [InlineData("model.gguf")]
    [InlineData("my models/absent.gguf")]
    [InlineData("./absent folder")]
    [InlineData("../absent")]
    [InlineData("/absent")]
    [InlineData("~/absent")]
    [InlineData("absent/")]
    public void The_name_of_a_model_is_none(string text) => Assert.False(LoneArgument.IsPrompt(text));
}
