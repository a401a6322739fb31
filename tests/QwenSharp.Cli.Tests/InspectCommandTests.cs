using System.Text.Json;

namespace QwenSharp.Cli.Tests;

public sealed class InspectCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public InspectCommandTests() => _model = ScriptedCheckpoint.Write(_folder["model.gguf"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Json_describes_configuration_memory_and_content()
    {
        JsonElement json = (await Invocation.RunAsync("inspect", _model, "--json", "--context", "64", "--kv", "f32")).Json();

        Assert.Equal("qwen2", json.GetProperty("architecture").GetString());
        Assert.Equal(1, json.GetProperty("config").GetProperty("layers").GetInt32());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("cannot_run").ValueKind);
        int kvWidth =
            json.GetProperty("config").GetProperty("kv_heads").GetInt32()
            * json.GetProperty("config").GetProperty("head_length").GetInt32();
        Assert.Equal(64 * 2 * kvWidth * 4, json.GetProperty("memory").GetProperty("kv_bytes").GetInt64());
        Assert.Equal(
            json.GetProperty("tensors").EnumerateArray().Sum(tensor => tensor.GetProperty("bytes").GetInt64()),
            json.GetProperty("memory").GetProperty("weight_bytes").GetInt64());
        Assert.Equal("Scripted", json.GetProperty("metadata").GetProperty("general.name").GetProperty("value").GetString());
        Assert.Contains("<|im_start|>", json.GetProperty("chat_template").GetString());
        Assert.Equal("F32", Assert.Single(json.GetProperty("types").EnumerateArray()).GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("f32", 4 * 128)]
    [InlineData("f16", 2 * 128)]
    [InlineData("bf16", 2 * 128)]
    [InlineData("q8_0", 4 * 34)]
    public async Task Memory_is_planned_for_every_type_of_keys_and_values(string type, int bytesOfHead)
    {
        string[] shape = ["inspect", "--shape", "qwen3-0.6b", "--type", "q8_0", "--context", "64", "--json"];
        JsonElement memory = (await Invocation.RunAsync([.. shape, "--kv", type])).Json().GetProperty("memory");

        // 28 layers, 8 heads of 128, keys and values.
        Assert.Equal(64 * 28 * 8 * 2 * bytesOfHead, memory.GetProperty("kv_bytes").GetInt64());
        Assert.Equal(type, memory.GetProperty("kv_type").GetString(), ignoreCase: true);
    }

    [Fact]
    public async Task Tables_are_plain_text_where_nobody_looks()
    {
        Invocation tables = await Invocation.RunAsync("inspect", _model);

        Assert.Equal(0, tables.Code);
        Assert.DoesNotContain('\e', tables.Out);
        Assert.Contains("Scripted", tables.Out);
        Assert.Contains("token_embd.weight", tables.Out);
        Assert.Contains("KV cache", tables.Out);
        Assert.Contains("blk.*.ffn_down.weight", tables.Out);
        Assert.Contains("blk.0.ffn_down.weight", (await Invocation.RunAsync("inspect", _model, "--tensors")).Out);
    }

    [Fact]
    public async Task What_was_repaired_is_a_note_here_and_a_line_of_standard_error_where_the_model_runs()
    {
        string model = ScriptedCheckpoint.WriteWith(_folder["repaired.gguf"], "general.sampling.top_k", -1);

        JsonElement json = (await Invocation.RunAsync("inspect", model, "--json")).Json();
        Invocation run = await Invocation.RunAsync("run", model, "Hi", "--temperature", "0", "--threads", "1");

        Assert.StartsWith("general.sampling.top_k is -1", Assert.Single(json.GetProperty("notes").EnumerateArray()).GetString());
        Assert.Contains("Hello, world!", run.Out);
        Assert.StartsWith("general.sampling.top_k is -1", run.Error);
    }

    [Fact]
    public async Task A_vocabulary_without_weights_is_described_too()
    {
        string vocabulary = ScriptedCheckpoint.Write(_folder["vocabulary.gguf"], weights: false);

        JsonElement json = (await Invocation.RunAsync("inspect", vocabulary, "--json")).Json();

        Assert.Equal(JsonValueKind.Null, json.GetProperty("config").ValueKind);
        Assert.NotEmpty(json.GetProperty("cannot_run").GetString()!);
        Assert.Equal(0, (await Invocation.RunAsync("inspect", vocabulary)).Code);
    }

    [Fact]
    public async Task The_template_is_printed_alone()
    {
        Invocation template = await Invocation.RunAsync("inspect", _model, "--template");

        Assert.StartsWith("{%-", template.Out);
        Assert.EndsWith("#}", template.Out);
    }

    [Fact]
    public async Task A_shape_is_described_without_weights()
    {
        JsonElement json = (
            await Invocation.RunAsync("inspect", "--shape", "qwen3.5-397b-a17b", "--type", "q8_0", "--context", "100", "--json")
        ).Json();

        JsonElement config = json.GetProperty("config"), memory = json.GetProperty("memory");
        Assert.Equal(JsonValueKind.Null, config.GetProperty("feed_forward_width").ValueKind);
        Assert.Equal((512, 10, 1_024, 1_024), (Experts("count"), Experts("used"), Experts("width"), Experts("shared_width")));
        Assert.Equal(
            (45, 64),
            (
                config.GetProperty("gated_delta_net").GetProperty("layers").GetInt32(),
                config.GetProperty("gated_delta_net").GetProperty("value_heads").GetInt32()));
        Assert.InRange(json.GetProperty("parameters").GetInt64(), 390_000_000_000, 400_000_000_000);
        Assert.InRange(memory.GetProperty("weight_bytes").GetInt64() / (double)json.GetProperty("parameters").GetInt64(), 1.06, 1.08);

        // Four blocks of 32 positions, 15 layers of 2 KV heads.
        Assert.Equal(128L * 15 * 2 * 2 * 256 * 2, memory.GetProperty("kv_bytes").GetInt64());
        Assert.True(
            memory.GetProperty("workspace_bytes").GetInt64()
                > QwenSharp.Models.Workspace.BytesFor(QwenSharp.Models.ModelShapes.Find("qwen3.5-397b-a17b"), 512, 32));
        Assert.Equal(
            memory.GetProperty("total_bytes").GetInt64(),
            ((string[])["weight_bytes", "kv_bytes", "state_bytes", "workspace_bytes", "runtime_bytes"]).Sum(part =>
                memory.GetProperty(part).GetInt64()));

        int Experts(string length) => config.GetProperty("experts").GetProperty(length).GetInt32();
    }

    [Fact]
    public async Task Tables_show_experts_and_recurrent_layers()
    {
        string tables = (await Invocation.RunAsync("inspect", "--shape", "qwen3-next-80b-a3b")).Out;

        Assert.Contains("512 of width 512", tables);
        Assert.Contains("36 of 48 layers", tables);
        Assert.Contains("workspace", tables);
        Assert.DoesNotContain("feed-forward 0", tables);
    }

    [Fact]
    public async Task A_damaged_file_fails_with_one_line()
    {
        byte[] bytes = File.ReadAllBytes(_model);
        File.WriteAllBytes(_folder["short.gguf"], bytes[..1000]);

        (await Invocation.RunAsync("inspect", _folder["short.gguf"])).AssertFails(ExitCode.Failure, "short.gguf");
    }
}
