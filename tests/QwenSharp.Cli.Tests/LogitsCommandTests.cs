using System.Buffers.Binary;
using System.Text.Json;

namespace QwenSharp.Cli.Tests;

public sealed class LogitsCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public LogitsCommandTests() => _model = ScriptedCheckpoint.Write(_folder["model.gguf"]);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("10,97,98")]
    [InlineData("[10, 97, 98]")]
    [InlineData(" 10 97\n98 ")]
    public async Task The_file_holds_counts_tokens_and_logits(string tokens)
    {
        string output = _folder["out.logits"];
        File.WriteAllText(_folder["ids.txt"], tokens);

        Invocation direct = await Invocation.RunAsync("logits", _model, "--tokens", tokens, "--output", output, "--json");
        byte[] bytes = File.ReadAllBytes(output);
        Invocation file = await Invocation.RunAsync("logits", _model, "--tokens", _folder["ids.txt"], "--output", output);

        Assert.Equal((0, 0), (direct.Code, file.Code));
        Assert.Equal(bytes, File.ReadAllBytes(output));
        int vocabulary = direct.Json().GetProperty("vocabulary_size").GetInt32();
        Assert.Equal(
            [3, vocabulary, 10, 97, 98],
            Enumerable.Range(0, 5).Select(i => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4 * i))));
        Assert.Equal(4 * (5 + 3 * vocabulary), bytes.Length);

        // After the newline the scripted model is sure of its first piece, which has the first id after the bytes and their merge.
        float[] first =
        [
            .. Enumerable.Range(0, vocabulary).Select(i => BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(4 * (5 + i)))),
        ];
        Assert.Equal(257, first.Index().MaxBy(logit => logit.Item).Index);
    }

    [Fact]
    public async Task A_token_beyond_the_vocabulary_fails_and_leaves_no_file()
    {
        Invocation logits = await Invocation.RunAsync("logits", _model, "--tokens", "1,99999", "--output", _folder["out.logits"]);

        logits.AssertFails(ExitCode.Failure, "99999");
        Assert.False(File.Exists(_folder["out.logits"]));
        Assert.False(File.Exists(_folder["out.logits.partial"]));
    }

    [Fact]
    public async Task Only_the_result_is_written()
    {
        File.WriteAllText(_folder["out.logits.partial"], "precious");
        string model = _folder["other.partial"];
        File.Copy(_model, model);

        Assert.Equal(0, (await Invocation.RunAsync("logits", _model, "--tokens", "1", "--output", _folder["out.logits"])).Code);
        Assert.Equal(0, (await Invocation.RunAsync("logits", model, "--tokens", "1", "--output", _folder["other"])).Code);

        Assert.Equal("precious", File.ReadAllText(_folder["out.logits.partial"]));
        Assert.Equal(File.ReadAllBytes(_model), File.ReadAllBytes(model));
        (await Invocation.RunAsync("logits", _model, "--tokens", "1", "--output", _folder["no/where"])).AssertFails(
            ExitCode.Failure,
            "does not exist");
    }

    [Fact]
    public async Task A_vocabulary_without_weights_fails() =>
        (
            await Invocation.RunAsync(
                "logits",
                ScriptedCheckpoint.Write(_folder["v.gguf"], weights: false),
                "--tokens",
                "1",
                "--output",
                _folder["o"])
        ).AssertFails(ExitCode.Failure, "v.gguf");

    [Theory]
    [InlineData("qwen2-dense")]
    [InlineData("qwen3-dense")]
    public async Task Llama_cpp_computes_the_same(string model)
    {
        byte[] expected = File.ReadAllBytes(Fixtures.Require("tiny-models", model + ".logits"));
        int n = BinaryPrimitives.ReadInt32LittleEndian(expected),
            header = 4 * (2 + n);
        string tokens = JsonSerializer.Serialize(
            Enumerable.Range(0, n).Select(i => BinaryPrimitives.ReadInt32LittleEndian(expected.AsSpan(8 + 4 * i))));
        string output = _folder["out.logits"];

        Invocation logits = await Invocation.RunAsync(
            "logits",
            Fixtures.Require("tiny-models", model + ".gguf"),
            "--tokens",
            tokens,
            "--output",
            output);

        Assert.Equal((0, ""), (logits.Code, logits.Error));
        byte[] actual = File.ReadAllBytes(output);
        Assert.Equal(expected[..header], actual[..header]);
        double difference = 0, size = 0;
        for (int at = header; at < expected.Length; at += 4)
        {
            double theirs = BinaryPrimitives.ReadSingleLittleEndian(expected.AsSpan(at)),
                ours = BinaryPrimitives.ReadSingleLittleEndian(actual.AsSpan(at));
            difference += (ours - theirs) * (ours - theirs);
            size += theirs * theirs;
        }

        Assert.InRange(Math.Sqrt(difference / size), 0, 1e-4);
    }
}
