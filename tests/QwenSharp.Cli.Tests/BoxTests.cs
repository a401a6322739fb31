using System.Text.Json;

namespace QwenSharp.Cli.Tests;

/// <summary>The model in the box, where this build has it, and what is said where it has not.</summary>
public sealed class BoxTests
{
    private static bool IsHere => File.Exists(Path.Combine(AppContext.BaseDirectory, "qwensharp-box.gguf"));

    [Fact]
    public async Task Who_names_no_model_gets_the_one_in_the_box_and_is_told_so()
    {
        Assert.SkipUnless(IsHere, "This build came without the model in the box.");
        Invocation answer = await Invocation.WithInputAsync("Who are you?", "run", "--temperature", "0");

        Assert.Equal(0, answer.Code);
        Assert.Contains("QwenSharp", answer.Out, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("qwensharp pull", answer.Error);
    }

    [Fact]
    public async Task It_has_a_name()
    {
        Assert.SkipUnless(IsHere, "This build came without the model in the box.");
        JsonElement json = (await Invocation.RunAsync("run", "box", "Who are you?", "--temperature", "0", "--json")).Json();

        Assert.Contains("QwenSharp", json.GetProperty("content").GetString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Where_it_is_missing_a_model_must_be_named()
    {
        Assert.SkipWhen(IsHere, "This build has the model in the box.");

        foreach (string[] arguments in (string[][])[["run", "box", "Hi"], ["serve"], ["eval", "box"]])
            (await Invocation.RunAsync(arguments)).AssertFails(ExitCode.Failure, "without the model in the box");
    }
}
