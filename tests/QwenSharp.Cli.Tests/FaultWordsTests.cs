using System.CommandLine;
using QwenSharp.Chat;
using QwenSharp.Engine;
using QwenSharp.Faults;
using QwenSharp.Hub;

namespace QwenSharp.Cli.Tests;

/// <summary>What libraries find wrong, in the words of the command line.</summary>
public sealed class FaultWordsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_would_help_is_said_in_the_words_of_the_command_line()
    {
        await using QwenModel model = QwenModel.Load(ScriptedCheckpoint.Write(_folder["model.gguf"]), new() { Threads = 1 });

        Exception fault = Record.Exception(() => new InferenceEngine(model.Weights, new() { KvBytes = 100, ContextLength = 512 }))!;

        Command both = new("serve") { new Option<long>("--kv-memory"), new Option<int>("--context") };
        Command one = new("run") { new Option<int>("--context") };
        Assert.Contains("Raise KvBytes or lower ContextLength.", fault.Message);
        Assert.EndsWith(". Raise --kv-memory or lower --context.", CommandTree.Said(fault, both));
        Assert.EndsWith(" bytes of KV cache; there are 0. Lower --context.", CommandTree.Said(fault, one));
        Assert.EndsWith(" bytes of KV cache; there are 0.", CommandTree.Said(fault));
    }

    [Fact]
    public void Options_have_the_names_of_the_command_line()
    {
        Assert.Equal(
            "--min-p is 2; it must be 0 to 1.",
            CommandTree.Said(new OptionException(OptionFault.OutOfRange(ChatOptionKeys.MinP, 2, Bounds.Between(0, 1)))));
        Assert.Equal(
            "'w' loses twice; allow it (--requantize).",
            CommandTree.Said(new OptionException(new OptionFault(
                FaultKind.Conflict,
                "AllowsRequantization",
                $"'w' loses twice; allow it ({new OptionName("AllowsRequantization")})."))));
    }

    [Fact]
    public void What_a_command_would_help_with_is_said_here_and_not_in_a_library()
    {
        HubException unknown = Assert.Throws<HubException>(() => ModelReference.Parse("no such name"));

        Assert.DoesNotContain("qwensharp", unknown.Message);
        Assert.EndsWith("'qwensharp pull --list' prints the short names.", CommandTree.Said(unknown));
        Assert.EndsWith(
            "'qwensharp list' prints the models on this machine.",
            CommandTree.Said(new HubException("x.", HubRemedy.ListModels)));
    }

    [Theory]
    [InlineData("template")]
    [InlineData("other")]
    public void A_parameters_name_of_NET_is_not_said(string parameter) =>
        Assert.Equal("It is wrong.", CommandTree.Said(new ArgumentException("It is wrong.", parameter)));
}
