using System.Text.Json;

namespace QwenSharp.Cli.Tests;

/// <summary><c>convert</c>, <c>quantize</c> and <c>imatrix</c> through the command line.</summary>
public sealed class ConvertCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public ConvertCommandTests() => _model = ScriptedFolder.Write(_folder["Scripted-1B"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_folder_is_converted_quantised_and_answers_the_same()
    {
        JsonElement converted = (await Invocation.RunAsync("convert", _model, "--output", _folder["f32.gguf"], "--json")).Json();
        Assert.Equal(new FileInfo(_folder["f32.gguf"]).Length, converted.GetProperty("bytes").GetInt64());
        Assert.Contains(
            "Q8_0",
            (
                await Invocation.RunAsync(
                    "quantize",
                    _folder["f32.gguf"],
                    _folder["q8.gguf"],
                    "Q8_0",
                    "--keep",
                    "blk.*.ffn_down.weight=f16")
            ).Out);
        foreach (string file in (string[])["f32.gguf", "q8.gguf"])
        {
            Assert.Equal(
                "Hello, world!\n",
                (await Invocation.RunAsync("run", _folder[file], "Hi", "--temperature", "0")).Out.ReplaceLineEndings("\n"));
        }
    }

    [Fact]
    public async Task What_cannot_have_a_type_of_the_mix_is_said_to_be_another()
    {
        // Rows of 64 elements do not fill blocks of 256.
        Models.ModelConfig config = new()
        {
            Architecture = "qwen3",
            VocabularySize = 320,
            Width = 64,
            Layers = 1,
            Heads = 2,
            KvHeads = 1,
            HeadLength = 32,
            FeedForwardWidth = 256,
            ContextLength = 64,
            HasQkNorm = true,
        };
        string model = ScriptedFolder.WriteRandom(_folder["narrow"], config);
        Invocation text = await Invocation.RunAsync("quantize", model, _folder["q6.gguf"], "q6_k");
        Assert.Contains("matrices are Q8_0 instead: rows that do not fill blocks of 256 cannot be Q6_K.", text.Out);
        JsonElement json = (
            await Invocation.RunAsync("quantize", model, _folder["q6.gguf"], "q6_k", "--keep", "output.weight=f16", "--json")
        ).Json();
        Assert.Equal(7, json.GetProperty("fallbacks").GetProperty("Q8_0").GetInt32());
        (await Invocation.RunAsync("quantize", model, _folder["q6.gguf"], "q6_k", "--keep", "output.weight=q4_k")).AssertFails(
            ExitCode.Failure,
            "its rows of 64 do not fill blocks of 256");
        Assert.Empty(
            (await Invocation.RunAsync("quantize", model, _folder["q8.gguf"], "q8_0", "--json"))
                .Json()
                .GetProperty("fallbacks")
                .EnumerateObject());
    }

    [Fact]
    public async Task An_importance_matrix_is_made_of_a_text_and_used()
    {
        File.WriteAllText(_folder["text.txt"], string.Concat(Enumerable.Repeat("Hello, world! ", 40)));
        JsonElement made = (
            await Invocation.RunAsync(
                "imatrix",
                _model,
                _folder["text.txt"],
                "--output",
                _folder["i.gguf"],
                "--chunk-size",
                "32",
                "--chunks",
                "2",
                "--json")
        ).Json();
        Assert.Equal(
            (2, 64, 7),
            (made.GetProperty("chunks").GetInt32(), made.GetProperty("tokens").GetInt32(), made.GetProperty("matrices").GetInt32()));
        Assert.Equal(0, (await Invocation.RunAsync("quantize", _model, _folder["q4.gguf"], "q4_0", "--imatrix", _folder["i.gguf"])).Code);
        (
            await Invocation.RunAsync("imatrix", _model, _folder["text.txt"], "--output", _folder["i.gguf"], "--chunk-size", "100000")
        ).AssertFails(ExitCode.Failure, "at least 100000");
    }

    [Fact]
    public async Task Wrong_command_lines_fail_with_one_line()
    {
        await Invocation.RunAsync("convert", _model, "--output", _folder["f.gguf"]);
        (await Invocation.RunAsync("convert", _folder["f.gguf"])).AssertFails(ExitCode.Usage, "is no folder");
        foreach (
            string[] line in (string[][])
                [
                    ["convert", "nope"],
                    ["quantize", "nope.gguf", _folder["to.gguf"], "q8_0"],
                    ["inspect", "nope"],
                ])
        {
            (await Invocation.RunAsync(line)).AssertFails(ExitCode.Failure, "There is no file or folder 'nope");
        }

        (await Invocation.RunAsync("convert", _model, "--type", "q9")).AssertFails(ExitCode.Usage, "q4_k_m");
        (await Invocation.RunAsync("quantize", _folder["f.gguf"], _folder["f.gguf"], "q8_0")).AssertFails(
            ExitCode.Usage,
            "name another file");
        (await Invocation.RunAsync("quantize", _folder["f.gguf"], _folder["o.gguf"], "q8_0", "--keep", "output.weight")).AssertFails(
            ExitCode.Usage,
            "TENSOR=TYPE");
        (await Invocation.RunAsync("quantize", _folder["f.gguf"], _folder["o.gguf"], "q8_0", "--keep", "nothing=f16")).AssertFails(
            ExitCode.Failure,
            "'nothing'");
    }

    [Fact]
    public async Task A_result_never_replaces_what_was_read()
    {
        File.WriteAllText(_folder["text.txt"], "Hello, world!");
        string weights = Directory.EnumerateFiles(_model, "*.safetensors").First();
        byte[] before = File.ReadAllBytes(weights);
        (await Invocation.RunAsync("convert", _model, "--output", weights)).AssertFails(ExitCode.Usage, "name another file");
        (await Invocation.RunAsync("imatrix", _model, _folder["text.txt"], "--output", weights)).AssertFails(
            ExitCode.Usage,
            "name another file");
        (await Invocation.RunAsync("imatrix", _model, _folder["text.txt"], "--output", _folder["text.txt"])).AssertFails(
            ExitCode.Usage,
            "name another file");
        (await Invocation.RunAsync("logits", _model, "--tokens", "1,2", "--output", weights)).AssertFails(
            ExitCode.Usage,
            "name another file");
        (await Invocation.RunAsync("convert", _model, "--output", _model)).AssertFails(ExitCode.Usage, "is a folder");
        (await Invocation.RunAsync("convert", _model, "--output", _folder["f.gguf"], "--imatrix", _folder["text.txt"])).AssertFails(
            ExitCode.Usage,
            "--type");
        if (!OperatingSystem.IsWindows())
            (await Invocation.RunAsync("convert", _model, "--output", "/dev/null")).AssertFails(ExitCode.Usage, "is a device");

        Assert.Equal(before, File.ReadAllBytes(weights));
    }

    [Fact]
    public async Task No_link_and_no_other_shard_leads_to_what_was_read()
    {
        await Invocation.RunAsync("convert", _model, "--output", _folder["f.gguf"]);
        Directory.CreateDirectory(_folder["real"]);
        string[] shards = [_folder["real/m-00001-of-00002.gguf"], _folder["real/m-00002-of-00002.gguf"]];
        foreach (string shard in shards)
            File.Copy(_folder["f.gguf"], shard);

        (await Invocation.RunAsync("logits", shards[0], "--tokens", "1", "--output", shards[1])).AssertFails(
            ExitCode.Usage,
            "name another file");
        (await Invocation.RunAsync("quantize", shards[0], shards[1], "q8_0")).AssertFails(ExitCode.Usage, "name another file");
        if (OperatingSystem.IsWindows())
            return;

        Directory.CreateSymbolicLink(_folder["link"], "real");
        File.Move(_folder["f.gguf"], _folder["real/f.gguf"]);
        (await Invocation.RunAsync("quantize", _folder["real/f.gguf"], _folder["link/f.gguf"], "q8_0")).AssertFails(
            ExitCode.Usage,
            "name another file");
        Directory.CreateSymbolicLink(_folder["linked-model"], _model);
        (await Invocation.RunAsync("quantize", _folder["linked-model"], Path.Combine(_model, "tokenizer.json"), "q8_0")).AssertFails(
            ExitCode.Usage,
            "name another file");
    }

    [Fact]
    public async Task What_would_be_lost_or_have_no_effect_is_refused_before_the_work()
    {
        File.WriteAllText(_folder["text.txt"], string.Concat(Enumerable.Repeat("Hello, world! ", 40)));
        Assert.Equal(
            0,
            (await Invocation.RunAsync("imatrix", _model, _folder["text.txt"], "--output", _folder["i.gguf"], "--chunk-size", "32")).Code);
        (await Invocation.RunAsync("imatrix", _model, _folder["text.txt"], "--output", _folder["no/where.gguf"])).AssertFails(
            ExitCode.Failure,
            "does not exist");
        (await Invocation.RunAsync("quantize", _model, _folder["f16.gguf"], "f16", "--imatrix", _folder["i.gguf"])).AssertFails(
            ExitCode.Usage,
            "f16 has no blocks to weigh");
        (await Invocation.RunAsync("quantize", _model, "", "q8_0")).AssertFails(ExitCode.Usage, "OUT is empty");
        (await Invocation.RunAsync("quantize", _model, _folder["q8.gguf"], "q8_0", "--keep", "output_norm.weight=f16")).AssertFails(
            ExitCode.Failure,
            "'output_norm.weight' is a vector, which stays F32");
        Assert.Equal(0, (await Invocation.RunAsync("quantize", _model, _folder["q8.gguf"], "q8_0", "--keep", "*=f16")).Code);
        Assert.Equal(
            "Hello, world!\n",
            (await Invocation.RunAsync("run", _folder["q8.gguf"], "Hi", "--temperature", "0")).Out.ReplaceLineEndings("\n"));

        File.WriteAllBytes(_folder["latin.txt"], [.. Enumerable.Repeat((byte)0xE9, 2000)]);
        (await Invocation.RunAsync("imatrix", _model, _folder["latin.txt"], "--output", _folder["l.gguf"])).AssertFails(
            ExitCode.Failure,
            "is not UTF-8 text at byte 1");
        File.WriteAllBytes(_folder["marked.txt"], [0xEF, 0xBB, 0xBF, .. "Hello"u8, 0xE9]);
        (await Invocation.RunAsync("imatrix", _model, _folder["marked.txt"], "--output", _folder["l.gguf"])).AssertFails(
            ExitCode.Failure,
            "is not UTF-8 text at byte 9");
    }

    [Fact]
    public async Task A_test_of_speed_beyond_the_context_is_refused() =>
        (await Invocation.RunAsync("bench", _model, "--prompt-tokens", "1000000")).AssertFails(ExitCode.Usage, "context");
}
