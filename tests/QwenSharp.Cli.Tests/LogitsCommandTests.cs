using System.Buffers.Binary;
using System.Text.Json;
using QwenSharp.Cli.Hub;

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
    public async Task Logits_are_compared_with_those_of_another_run()
    {
        string reference = _folder["reference.logits"];
        Assert.Equal(0, (await Invocation.RunAsync("logits", _model, "--tokens", "10,97,98", "--output", reference)).Code);

        Invocation same = await Invocation.RunAsync("logits", _model, "--tokens", "10,97,98", "--compare", reference, "--json");
        Invocation both = await Invocation.RunAsync(
            "logits", _model, "--tokens", "10,97,98", "--compare", reference, "--output", _folder["again.logits"]);

        JsonElement difference = same.Json().GetProperty("difference");
        Assert.Equal(3, difference.GetProperty("positions").GetInt32());
        Assert.Equal(0, difference.GetProperty("kl_max").GetDouble(), 1e-12);
        Assert.Equal(1, difference.GetProperty("top1_agreement").GetDouble());
        Assert.StartsWith("3 positions: KL divergence", both.Out, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(reference), File.ReadAllBytes(_folder["again.logits"]));

        (await Invocation.RunAsync("logits", _model, "--tokens", "10,97", "--compare", reference))
            .AssertFails(ExitCode.Usage, "of 3 tokens");
        (await Invocation.RunAsync("logits", _model, "--tokens", "10,97,99", "--compare", reference))
            .AssertFails(ExitCode.Usage, "the token 98 where --tokens has 99");
        (await Invocation.RunAsync("logits", "box", "--tokens", "10,97,98", "--compare", reference))
            .AssertFails(ExitCode.Usage, "vocabulary");
        (await Invocation.RunAsync("logits", _model, "--tokens", "1")).AssertFails(ExitCode.Usage, "--compare");
    }

    [Fact]
    public async Task What_a_type_of_keys_and_values_loses_is_bounded()
    {
        // Weights in F32: quantised ones round activations to 8 bits, which hides what keys and values lose.
        string model = _folder["box.gguf"], reference = _folder["f32.logits"], ids = _folder["ids.txt"];
        Assert.Equal(0, (await Invocation.RunAsync("quantize", BoxModel.Open().Path, model, "f32", "--requantize")).Code);
        const string Turn =
            "<|im_start|>user\nHow do I download a model, and how much memory does the Qwen3-0.6B need?<|im_end|>\n<|im_start|>assistant\n"
                + "<think>\n\n</think>\n\nqwensharp pull qwen3:0.6b downloads it. What is 17 + 25? It is 42.<|im_end|>\n";
        Invocation tokens = await Invocation.RunAsync("tokenize", "box", "--parse-special", Turn + Turn.Replace("17", "18") + Turn);
        File.WriteAllText(ids, tokens.Out);
        Assert.Equal(0, (await Invocation.RunAsync("logits", model, "--tokens", ids, "--output", reference, "--kv", "f32")).Code);
        foreach ((string type, double mean, double same) in new[] { ("f16", 1e-6, 0.99), ("bf16", 1e-4, 0.98), ("q8_0", 5e-4, 0.96) })
        {
            Invocation compared = await Invocation.RunAsync(
                "logits", model, "--tokens", ids, "--compare", reference, "--kv", type, "--json");
            JsonElement difference = compared.Json().GetProperty("difference");
            Assert.InRange(difference.GetProperty("kl_mean").GetDouble(), 1e-12, mean);
            Assert.InRange(difference.GetProperty("top1_agreement").GetDouble(), same, 1);
        }
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
