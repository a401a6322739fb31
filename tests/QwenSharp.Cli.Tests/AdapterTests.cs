using System.Runtime.InteropServices;

namespace QwenSharp.Cli.Tests;

/// <summary>Adapters on the command line: beside a model, and merged into it.</summary>
public sealed class AdapterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model, _file, _peft;

    public AdapterTests()
    {
        _model = ScriptedCheckpoint.Write(_folder["model.gguf"]);
        _file = ScriptedAdapter.Write(_folder["comma.gguf"], _model, 1);
        _peft = ScriptedAdapter.Write(_folder["model"], _model, 3);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_answers_with_an_adapter()
    {
        Invocation comma = await Invocation.RunAsync("run", _model, "Hi", "--temperature", "0", "--adapter", _file);
        Invocation late = await Invocation.RunAsync("run", _model, "Hi", "--temperature", "0", "--adapter", _peft);

        Assert.Equal((0, ", world!\n", ""), (comma.Code, comma.Out.ReplaceLineEndings("\n"), comma.Error));
        Assert.Equal((0, "ld!\n", ""), (late.Code, late.Out.ReplaceLineEndings("\n"), late.Error));
    }

    [Theory]
    [InlineData("adapter")]
    [InlineData("adapter.gguf")]
    public async Task The_folder_of_a_run_stands_for_its_adapter(string name)
    {
        Directory.CreateDirectory(_folder["run"]);
        if (name == "adapter")
            ScriptedAdapter.Write(_folder["run/adapter"], _model, 3);
        else
            File.Copy(ScriptedAdapter.Write(_folder["late.gguf"], _model, 3), _folder["run/adapter.gguf"]);

        Invocation late = await Invocation.RunAsync("run", _model, "Hi", "--temperature", "0", "--adapter", _folder["run"]);
        Invocation merge = await Invocation.RunAsync("merge", _model, _folder["run"], "--output", _folder["merged.gguf"]);

        Assert.Equal((0, "ld!\n", ""), (late.Code, late.Out.ReplaceLineEndings("\n"), late.Error));
        Assert.Equal((0, ""), (merge.Code, merge.Error));
    }

    [Fact]
    public async Task Merged_or_beside_the_model_the_logits_are_the_same()
    {
        string[] tokens = ["--tokens", "10,97,10"];
        Invocation merge = await Invocation.RunAsync("merge", _model, _file, "--output", _folder["merged.gguf"], "--json");
        await Invocation.RunAsync(["logits", _model, .. tokens, "--output", _folder["beside.logits"], "--adapter", _file]);
        await Invocation.RunAsync(["logits", _folder["merged.gguf"], .. tokens, "--output", _folder["merged.logits"]]);
        await Invocation.RunAsync(["logits", _model, .. tokens, "--output", _folder["base.logits"]]);

        Assert.Equal((0, ""), (merge.Code, merge.Error));
        Assert.Equal(_folder["merged.gguf"], merge.Json().GetProperty("output").GetString());
        float[] beside = Logits("beside"), merged = Logits("merged");
        Assert.Equal(beside.Length, merged.Length);
        Assert.All(beside.Zip(merged), pair => Assert.InRange(pair.First - pair.Second, -1e-3f, 1e-3f));
        Assert.NotEqual(Logits("base"), beside);
        Assert.Equal(
            ", world!\n",
            (await Invocation.RunAsync("run", _folder["merged.gguf"], "Hi", "--temperature", "0")).Out.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task A_type_is_given_and_a_folder_is_merged_into_a_folder()
    {
        string folder = ScriptedFolder.Write(_folder["base"]);
        Invocation half = await Invocation.RunAsync("merge", _model, _peft, "--output", _folder["half.gguf"], "--type", "f16");
        Invocation merge = await Invocation.RunAsync("merge", folder, _peft, "--output", _folder["merged"]);

        Assert.Equal((0, ""), (half.Code, half.Error));
        Assert.Contains("F16", half.Out);
        Assert.Equal((0, ""), (merge.Code, merge.Error));
        Assert.StartsWith(_folder["merged"], merge.Out);
        Assert.Equal(
            "ld!\n",
            (await Invocation.RunAsync("run", _folder["half.gguf"], "Hi", "--temperature", "0")).Out.ReplaceLineEndings("\n"));
        Assert.Equal(
            "ld!\n",
            (await Invocation.RunAsync("run", _folder["merged"], "Hi", "--temperature", "0")).Out.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task What_cannot_be_merged_says_why_and_replaces_nothing()
    {
        long bytes = new FileInfo(_file).Length;
        (await Invocation.RunAsync("merge", _model, _file, "--output", _file)).AssertFails(ExitCode.Usage, "comma.gguf");
        (await Invocation.RunAsync("merge", _model, _file, "--output", _model)).AssertFails(ExitCode.Usage, "model.gguf");
        (await Invocation.RunAsync("merge", _model, _file, "--output", _folder["new"])).AssertFails(ExitCode.Failure, "tokenizer.json");
        (await Invocation.RunAsync("merge", _model, _file, "--output", _folder["new"], "--type", "f16")).AssertFails(
            ExitCode.Usage,
            "--type");
        (await Invocation.RunAsync("merge", _model, _file, "--output", _folder["new.gguf"], "--type", "f17")).AssertFails(
            ExitCode.Usage,
            "f17");
        (await Invocation.RunAsync("merge", _model, _model, "--output", _folder["new.gguf"])).AssertFails(ExitCode.Failure, "no adapter");
        (await Invocation.RunAsync("merge", ScriptedFolder.Write(_folder["base"]), _peft, "--output", _folder["base"])).AssertFails(
            ExitCode.Failure,
            "there already");
        (await Invocation.RunAsync("logits", _model, "--tokens", "1", "--output", _file, "--adapter", _file)).AssertFails(
            ExitCode.Usage,
            "comma.gguf");
        (await Invocation.RunAsync("run", _model, "Hi", "--adapter", _folder["absent"])).AssertFails(ExitCode.Failure, "absent");
        Assert.Equal(bytes, new FileInfo(_file).Length);
        Assert.False(File.Exists(_folder["new.gguf"]) || Directory.Exists(_folder["new"]));
    }

    [Fact]
    public async Task An_adapter_of_another_model_is_refused_by_its_tensor()
    {
        string other = ScriptedCheckpoint.Write(_folder["other.gguf"], [.. Enumerable.Range(0, 90).Select(i => $"piece {i}")]);

        (await Invocation.RunAsync("run", other, "Hi", "--adapter", _file)).AssertFails(ExitCode.Failure, "output.weight");
        (await Invocation.RunAsync("merge", other, _file, "--output", _folder["new.gguf"])).AssertFails(ExitCode.Failure, "output.weight");
    }

    [Theory]
    [InlineData("NAME=PATH", "comma.gguf")]
    [InlineData("NAME=PATH", "=comma.gguf")]
    [InlineData("NAME=PATH", "comma=")]
    [InlineData("two adapters 'a'", "a=1", "a=2")]
    public async Task Serve_wants_a_name_for_each_adapter(string said, params string[] adapters)
    {
        Invocation serve = await Invocation.RunAsync([
            "serve",
            "--model",
            _model,
            .. adapters.SelectMany(adapter => (string[])["--adapter", adapter]),
        ]);
        serve.AssertFails(ExitCode.Usage, said);
    }

    [Fact]
    public async Task Serve_wants_one_model_for_adapters_and_none_of_its_name()
    {
        (await Invocation.RunAsync("serve", "--model", _model, "--model", _model, "--adapter", $"comma={_file}")).AssertFails(
            ExitCode.Usage,
            "exactly one --model");
        (await Invocation.RunAsync("serve", "--model", _model, "--adapter", $"model={_file}")).AssertFails(ExitCode.Failure, "'model'");
    }

    private float[] Logits(string name)
    {
        byte[] bytes = File.ReadAllBytes(_folder[name + ".logits"]);
        return MemoryMarshal.Cast<byte, float>(bytes.AsSpan(4 * (2 + BitConverter.ToInt32(bytes)))).ToArray();
    }
}
