using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Tests.Checkpoints;

/// <summary>An adapter merged into a file or a folder gives the logits that it gives beside the model.</summary>
public sealed class MergeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("qwen3, tied")]
    [InlineData("qwen35")]
    [InlineData("qwen3next")]
    public void Merged_in_F32_the_logits_are_those_of_the_adapter_beside_the_model(string name)
    {
        ModelConfig config = name is "qwen35" or "qwen3next"
            ? SmallModels.Later(name)
            : SmallModels.Config(name.Split(',')[0], tied: name.EndsWith("tied", StringComparison.Ordinal));
        RandomWeights.Save(_folder["base.gguf"], config, WeightMix.Find("f32"));
        LoraAdapter adapter = Adapters.Create(config, 1, rank: 8);
        using GgufFile file = GgufFile.Open(_folder["base.gguf"]);
        double[] beside = Beside(file, adapter);

        SmallModels.Save(file, _folder["merged.gguf"], new() { Adapter = adapter });

        using GgufFile merged = GgufFile.Open(_folder["merged.gguf"]);
        double[] logits = SmallModels.Logits(merged);
        double error = logits.Zip(beside, (a, b) => Math.Abs(a - b)).Max();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{name}: largest difference of a logit {error:e2}, relative {SmallModels.RelativeError(logits, beside):e2}");
        Assert.InRange(error, 0, 1e-3);
        Assert.InRange(SmallModels.RelativeError(logits, beside), 0, 2e-5);
        Assert.InRange(SmallModels.RelativeError(SmallModels.Logits(file), beside), 0.05, 10);
    }

    [Theory]
    [InlineData("f16", 2e-3)]
    [InlineData("bf16", 2e-2)]
    [InlineData("q8_0", 0.05)]
    [InlineData("q4_k_m", 0.2)]
    public void Each_matrix_keeps_its_type_and_what_is_not_adapted_its_bytes(string mix, double bound)
    {
        ModelConfig config = SmallModels.Config();
        RandomWeights.Save(_folder["base.gguf"], config, WeightMix.Find(mix));
        LoraAdapter adapter = Adapters.Create(
            config,
            1,
            rank: 8,
            targets: name => name.Contains("attn_v", StringComparison.Ordinal) || name.Contains("ffn_down", StringComparison.Ordinal));
        using GgufFile file = GgufFile.Open(_folder["base.gguf"]);

        SmallModels.Save(file, _folder["merged.gguf"], new() { Adapter = adapter });

        using GgufFile merged = GgufFile.Open(_folder["merged.gguf"]);
        Assert.Equal(
            file.Metadata.Select(entry => (entry.Key, entry.Value.ToString())).Where(entry => entry.Key != "general.type").Order(),
            merged.Metadata.Select(entry => (entry.Key, entry.Value.ToString())).Where(entry => entry.Key != "general.type").Order());
        Assert.Equal(file.Tensors.Select(tensor => tensor.ToString()), merged.Tensors.Select(tensor => tensor.ToString()));
        foreach ((Tensor before, Tensor after) in file.Tensors.Zip(merged.Tensors))
            Assert.Equal(adapter.Find(before.Name) is null, before.Data.SequenceEqual(after.Data));

        Assert.InRange(SmallModels.RelativeError(SmallModels.Logits(merged), Beside(file, adapter)), 0, bound);
    }

    [Fact]
    public void A_type_is_given_to_all()
    {
        RandomWeights.Save(_folder["base.gguf"], SmallModels.Config(), WeightMix.Find("q4_k_m"));
        LoraAdapter adapter = Adapters.Create(SmallModels.Config(), 1);
        using GgufFile file = GgufFile.Open(_folder["base.gguf"]);

        SmallModels.Save(
            file,
            _folder["merged.gguf"],
            new()
            {
                Adapter = adapter,
                Mix = WeightMix.Find("f32"),
                AllowsRequantization = true,
            });

        using GgufFile merged = GgufFile.Open(_folder["merged.gguf"]);
        Assert.All(merged.Tensors, tensor => Assert.Equal(TensorType.F32, tensor.Type));

        // The base rounds its activations to 8 bits, the merged model does not.
        Assert.InRange(SmallModels.RelativeError(SmallModels.Logits(merged), Beside(file, adapter)), 0, 0.03);
    }

    [Theory]
    [InlineData(SafetensorsType.F32, 0, 1e-5)]
    [InlineData(SafetensorsType.BF16, 200_000, 2e-2)]
    public void A_folder_gives_a_folder(SafetensorsType type, int shardBytes, double bound)
    {
        ModelConfig config = SmallModels.Config();
        Directory.CreateDirectory(_folder["base"]);
        HuggingFaceFolder.Write(_folder["base"], config, RandomWeights.Create(config, WeightMix.Find("f32"), 3), type, shardBytes);
        ScriptedFolder.WriteTokenizer(_folder["base"]);
        File.WriteAllText(Path.Combine(_folder["base"], "notes.md"), "of the base model");
        LoraAdapter adapter = Adapters.Create(config, 1);
        using Checkpoint folder = ModelFiles.Open(_folder["base"]);
        List<(long Done, long All)> progress = [];

        MergedFolder.Save(folder, adapter, _folder["merged"], new Listed<(long, long)>(progress), TestContext.Current.CancellationToken);

        using Checkpoint merged = ModelFiles.Open(_folder["merged"]);
        Assert.InRange(SmallModels.RelativeError(SmallModels.Logits(merged), Beside(folder, adapter)), 0, bound);
        Assert.Equal(Names(_folder["base"]).Where(name => name != "notes.md"), Names(_folder["merged"]));
        Assert.Equal(folder.Tensors.Select(tensor => tensor.ToString()), merged.Tensors.Select(tensor => tensor.ToString()));
        Assert.Equal(
            File.ReadAllText(Path.Combine(_folder["base"], "tokenizer.json")),
            File.ReadAllText(Path.Combine(_folder["merged"], "tokenizer.json")));
        Assert.Equal(progress[^1].All, progress[^1].Done);
        Assert.Equal(["base", "merged"], Directory.EnumerateFileSystemEntries(_folder[""]).Select(path => Path.GetFileName(path)!).Order());

        // Nothing is replaced, and a model without a tokenizer.json cannot become a folder.
        Assert.Throws<IOException>(() =>
            MergedFolder.Save(folder, adapter, _folder["merged"], cancellationToken: TestContext.Current.CancellationToken));
        RandomWeights.Save(_folder["base.gguf"], config, WeightMix.Find("f32"));
        using GgufFile file = GgufFile.Open(_folder["base.gguf"]);
        Assert.Contains(
            ".gguf",
            Assert
                .Throws<InvalidDataException>(() =>
                    MergedFolder.Save(file, adapter, _folder["other"], cancellationToken: TestContext.Current.CancellationToken))
                .Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_merged_is_refused_and_leaves_nothing()
    {
        ModelConfig config = SmallModels.Config();
        RandomWeights.Save(_folder["base.gguf"], config, WeightMix.Find("f32"));
        using GgufFile file = GgufFile.Open(_folder["base.gguf"]);
        LoraAdapter other = Adapters.Create(SmallModels.Config("qwen2"), 1),
            huge = new("huge", "qwen3", float.MaxValue, [Adapters.Pair("blk.0.attn_q.weight", 256, 256, 2, new Random(1))]);
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();

        Assert.Throws<ModelLoadException>(() => SmallModels.Save(file, _folder["merged.gguf"], new() { Adapter = other }));
        Assert.Throws<InvalidDataException>(() =>
            SmallModels.Save(file, _folder["merged.gguf"], new() { Adapter = huge, Mix = WeightMix.Find("q8_0") }));
        Assert.Throws<OperationCanceledException>(() =>
            ModelWriter.Save(
                file,
                _folder["merged.gguf"],
                new() { Adapter = Adapters.Create(config, 1) },
                cancellationToken: cancelled.Token));

        // A scale of the matrix would have to be divided out.
        GgufWriter scaled = new();
        foreach ((string key, GgufValue value) in file.Metadata)
            scaled.Add(key, value);
        foreach (Tensor tensor in file.Tensors)
            scaled.AddTensor(tensor);

        scaled
            .AddTensor("blk.0.attn_q.scale", TensorType.F32, [1], stream => stream.Write(BitConverter.GetBytes(0.5f)))
            .Save(_folder["scaled.gguf"]);
        using GgufFile withScale = GgufFile.Open(_folder["scaled.gguf"]);
        Assert.Contains(
            "attn_q.scale",
            Assert
                .Throws<ArgumentException>(() =>
                    SmallModels.Save(withScale, _folder["merged.gguf"], new() { Adapter = Adapters.Create(config, 1) }))
                .Message,
            StringComparison.Ordinal);
        Assert.Equal(["base.gguf", "scaled.gguf"], Names(_folder[""]));
    }

    private static double[] Beside(Checkpoint checkpoint, LoraAdapter adapter)
    {
        LanguageModel model = LanguageModel.Load(checkpoint);
        return SmallModels.Logits(model, model.Fit(adapter));
    }

    private static IEnumerable<string> Names(string folder) =>
        Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);

    private sealed class Listed<T>(List<T> values) : IProgress<T>
    {
        public void Report(T value) => values.Add(value);
    }
}
