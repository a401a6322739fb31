using System.Text.Json;

namespace QwenSharp.Cli.Tests;

/// <summary>Every command that takes a model takes a Hugging Face folder.</summary>
public sealed class FolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public FolderTests() => _model = ScriptedFolder.Write(_folder["Scripted-1B"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_answers_from_a_folder() =>
        Assert.Equal(
            "Hello, world!\n",
            (await Invocation.RunAsync("run", _model, "Hi", "--temperature", "0")).Out.ReplaceLineEndings("\n"));

    [Fact]
    public async Task Inspect_describes_a_folder()
    {
        JsonElement json = (await Invocation.RunAsync("inspect", _model, "--json", "--context", "64")).Json();
        Assert.Equal("Hugging Face, safetensors", json.GetProperty("format").GetString());
        Assert.Equal("qwen2", json.GetProperty("architecture").GetString());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("cannot_run").ValueKind);
        Assert.Equal(64, json.GetProperty("memory").GetProperty("context").GetInt32());
        Assert.Contains("<|im_start|>", json.GetProperty("chat_template").GetString());
        Assert.Contains("Hugging Face", (await Invocation.RunAsync("inspect", _model)).Out);
        Assert.StartsWith("{%-", (await Invocation.RunAsync("inspect", _model, "--template")).Out);
    }

    [Fact]
    public async Task The_other_commands_take_a_folder()
    {
        Assert.Equal(0, (await Invocation.RunAsync("tokenize", _model, "Hello")).Code);
        Assert.Equal(
            "Hello",
            (
                await Invocation.RunAsync(
                    "tokenize",
                    _model,
                    "--decode",
                    string.Join(',', (await Invocation.RunAsync("tokenize", _model, "Hello")).Out.Split()).TrimEnd(','))
            ).Out);
        Assert.Equal(
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
            (
                await Invocation.WithInputAsync(
                    """{"messages":[{"role":"user","content":"Hi"}]}""",
                    "template",
                    _model,
                    "--conversation",
                    "-")
            ).Out);
        Assert.Equal(0, (await Invocation.RunAsync("logits", _model, "--tokens", "1,2", "--output", _folder["l"])).Code);
        Assert.Equal(0, (await Invocation.RunAsync("bench", _model, "--prompt-tokens", "4", "--generate-tokens", "2", "--runs", "1")).Code);
    }

    [Fact]
    public async Task A_folder_that_is_no_model_fails_with_one_line()
    {
        Directory.CreateDirectory(_folder["empty"]);
        (await Invocation.RunAsync("run", _folder["empty"], "Hi")).AssertFails(
            ExitCode.Failure,
            "it has no config.json, which stands beside model.safetensors");
        (await Invocation.RunAsync("inspect", _folder["empty"])).AssertFails(
            ExitCode.Failure,
            "it has no config.json, which stands beside model.safetensors");
    }
}
