using QwenSharp.Checkpoints;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tokenizers;

namespace QwenSharp.Tests.Checkpoints;

/// <summary>Conversion and quantisation: what comes out runs, and is what was asked for.</summary>
public sealed class ModelWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Mixes() => [.. WeightMix.All.Select(mix => mix.Name)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("qwen3", false)]
    [InlineData("qwen2", true)]
    public void A_converted_folder_is_the_same_model(string architecture, bool tied)
    {
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(
            ScriptedFolder.WriteRandom(_folder["model"], SmallModels.Config(architecture, tied)));
        SmallModels.Save(folder, _folder["model.gguf"]);
        using GgufFile file = GgufFile.Open(_folder["model.gguf"]);

        Assert.Equal(SmallModels.Logits(folder), SmallModels.Logits(file));
        Assert.Equal(folder.Tensors.Select(tensor => tensor.ToString()), file.Tensors.Select(tensor => tensor.ToString()));
        Assert.Equal(LanguageModel.Load(folder).Config, LanguageModel.Load(file).Config);
        Assert.Equal(
            ("model", 32, "model"),
            (file.Metadata.GetString("general.type"), file.Metadata.GetInt32("general.file_type"), file.Metadata.GetString("general.name"))
        );

        BpeTokenizer before = QwenTokenizer.Of(folder), after = QwenTokenizer.Of(file);
        const string text = "Hello, world! <|im_start|>he he<think></think><|im_end|>";
        Assert.Equal(before.Encode(text, TokenParsing.All), after.Encode(text, TokenParsing.All));
        Assert.Equal(before.Encode(text), after.Encode(text));
        Assert.Equal(before.EosId, after.EosId);
        Assert.Equal("{{ messages }}", file.Metadata.GetString("tokenizer.chat_template"));
    }

    /// <summary>Other engines take the word of a file for the blocks that it has.</summary>
    [Fact]
    public void A_block_that_is_declared_and_not_there_is_not_declared_again()
    {
        ModelConfig config = SmallModels.Later("qwen35") with { NextTokenLayers = 0 };
        GgufWriter keys = new(), writer = new();
        ConfigWriter.Write(config, keys);
        keys.Save(_folder["keys.gguf"]);
        using (GgufFile file = GgufFile.Open(_folder["keys.gguf"]))
        {
            foreach ((string key, GgufValue value) in file.Metadata.Where(entry => entry.Key != "qwen35.block_count"))
                writer.Add(key, value);
        }

        writer
            .Add("qwen35.block_count", (uint)config.Layers + 1)
            .Add("qwen35.nextn_predict_layers", 1u)
            .Add("qwen35.attention.recurrent_layers", GgufValue.ArrayOf<bool>(true, true, true, false, false));
        foreach (Tensor tensor in RandomWeights.Create(config, WeightMix.Find("f32"), seed: 3))
            writer.AddTensor(tensor);

        writer.AddTensor("blk.4.nextn.enorm.weight", TensorType.F32, [config.Width], stream => stream.Write(new byte[4 * config.Width]));
        writer.Save(_folder["declared.gguf"]);
        using GgufFile declared = GgufFile.Open(_folder["declared.gguf"]);
        SmallModels.Save(declared, _folder["written.gguf"]);
        using GgufFile written = GgufFile.Open(_folder["written.gguf"]);

        Assert.Equal(SmallModels.Logits(declared), SmallModels.Logits(written));
        Assert.Single(declared.Repairs);
        Assert.Empty(written.Repairs);
        Assert.False(written.Metadata.Contains("qwen35.nextn_predict_layers"));
        Assert.Equal(config.Layers, written.Metadata.GetInt32("qwen35.block_count"));
        Assert.Equal(config.Layers, written.Metadata.GetBoolArray("qwen35.attention.recurrent_layers").Length);
        Assert.DoesNotContain(written.Tensors, tensor => tensor.Name.Contains("nextn", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("qwen3vlmoe")]
    [InlineData("qwen3next")]
    [InlineData("qwen35")]
    [InlineData("qwen35moe")]
    public void A_converted_folder_of_a_later_family_is_the_same_model_with_the_same_tensors(string architecture)
    {
        ModelConfig config = SmallModels.Later(architecture);
        using Checkpoint folder = ModelFiles.Open(ScriptedFolder.WriteRandom(_folder["model"], config), decode: false);
        SmallModels.Save(folder, _folder["model.gguf"]);
        using GgufFile file = GgufFile.Open(_folder["model.gguf"]);
        using Checkpoint decoded = ModelFiles.Open(_folder["model"]);

        Assert.Equal(config, LanguageModel.Load(file).Config);
        Assert.Equal(SmallModels.Logits(decoded), SmallModels.Logits(file));

        // The names and the shapes are those of a file that was never a folder, and so llama.cpp's.
        Assert.Equal(
            RandomWeights
                .Create(config, WeightMix.Find("f32"))
                .Select(tensor => (tensor.Name, string.Join(' ', tensor.Shape.ToArray())))
                .Order(),
            file.Tensors.Select(tensor => (tensor.Name, string.Join(' ', tensor.Shape.ToArray()))).Order());
    }

    [Theory]
    [MemberData(nameof(Mixes))]
    public void Every_mix_is_written_and_runs(string name)
    {
        WeightMix mix = WeightMix.Find(name);
        ModelConfig config = SmallModels.Config();
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(
            ScriptedFolder.WriteRandom(_folder["model"], config, SafetensorsType.F32));
        SmallModels.Save(folder, _folder["model.gguf"], new() { Mix = mix });
        using GgufFile file = GgufFile.Open(_folder["model.gguf"]);

        Assert.All(
            file.Tensors,
            tensor =>
                Assert.Equal(tensor.Shape.Length == 1 ? TensorType.F32 : mix.TypeOf(config, tensor.Name, tensor.Shape[0]), tensor.Type));
        Assert.Equal(mix.FileType, file.Metadata.GetInt32("general.file_type"));
        double bound = mix.Bulk switch
        {
            TensorType.F32 => 0,
            TensorType.F16 => 1e-3,
            TensorType.BF16 => 1e-2,
            TensorType.Q8_0 => 0.03,
            TensorType.Q2_K => 0.9,
            TensorType.Q3_K => 0.5,
            _ => 0.3,
        };
        Assert.InRange(SmallModels.RelativeError(SmallModels.Logits(file), SmallModels.Logits(folder)), 0, bound);
    }

    [Fact]
    public void Threads_and_slabs_do_not_change_a_byte()
    {
        string source = ScriptedFolder.WriteRandom(_folder["model"], SmallModels.Config());
        foreach (int threads in (int[])[1, 3])
        {
            using Checkpoint folder = ModelFiles.Open(source, decode: false);
            SmallModels.Save(folder, _folder[$"{threads}.gguf"], new() { Mix = WeightMix.Find("q4_k_m"), Threads = threads });
        }

        Assert.Equal(File.ReadAllBytes(_folder["1.gguf"]), File.ReadAllBytes(_folder["3.gguf"]));
    }

    [Fact]
    public void Exceptions_from_the_mix_are_kept_the_first_that_fits_first()
    {
        using Checkpoint folder = Open();
        SmallModels.Save(
            folder,
            _folder["a.gguf"],
            new()
            {
                Mix = WeightMix.Find("q4_0"),
                Exceptions =
                [
                    ("blk.1.attn_v.weight", TensorType.F16),
                    ("blk.*.attn_v.weight", TensorType.Q8_0),
                    ("output.weight", TensorType.BF16),
                ],
            });
        using GgufFile file = GgufFile.Open(_folder["a.gguf"]);
        TensorType Type(string name) => file.GetTensor(name).Type;
        Assert.Equal(
            (TensorType.Q8_0, TensorType.F16, TensorType.Q8_0, TensorType.BF16, TensorType.Q4_0),
            (
                Type("blk.0.attn_v.weight"),
                Type("blk.1.attn_v.weight"),
                Type("blk.2.attn_v.weight"),
                Type("output.weight"),
                Type("blk.0.attn_k.weight")));
    }

    [Fact]
    public void What_cannot_be_is_refused_before_a_byte_is_written()
    {
        using Checkpoint folder = Open();
        void Refuses(ModelWriterOptions options, string reason) =>
            Assert.Contains(
                reason,
                Assert.ThrowsAny<Exception>(() => SmallModels.Save(folder, _folder["a.gguf"], options)).Message,
                StringComparison.Ordinal);

        Refuses(new() { Exceptions = [("blk.9.attn_v.weight", TensorType.F16)] }, "'blk.9.attn_v.weight'");
        Refuses(new() { Exceptions = [("*_norm.weight", TensorType.Q4_K)] }, "No matrix fits '*_norm.weight'");
        Refuses(new() { Exceptions = [("output_norm.weight", TensorType.F16)] }, "is a vector, which stays F32");
        Refuses(new() { Exceptions = [("output.weight", TensorType.I32)] }, "cannot write that type");
        ImportanceMatrix other = new();
        other.Add("blk.0.attn_q.weight", new float[128], [1]);
        Refuses(new() { Mix = WeightMix.Find("q4_k_m"), Importance = other }, "made with another model");
        ImportanceMatrix deeper = new();
        deeper.Add("blk.9.attn_q.weight", new float[64], [1]);
        Refuses(new() { Mix = WeightMix.Find("q4_0"), Importance = deeper }, "has 'blk.9.attn_q.weight'");
        Assert.Contains(
            "does not exist",
            Assert.ThrowsAny<IOException>(() => SmallModels.Save(folder, _folder["no/where.gguf"])).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "the disk is too full",
            Assert.Throws<IOException>(() => ModelWriter.RequireSpace(_folder["a.gguf"], long.MaxValue)).Message,
            StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder["."]));
    }

    [Fact]
    public void Quantising_twice_must_be_meant()
    {
        using (Checkpoint folder = Open())
            SmallModels.Save(folder, _folder["q8.gguf"], new() { Mix = WeightMix.Find("q8_0") });

        using GgufFile file = GgufFile.Open(_folder["q8.gguf"]);
        ModelWriterOptions options = new() { Mix = WeightMix.Find("q4_k_m") };
        Assert.Contains(
            "is Q8_0 already",
            Assert.ThrowsAny<ArgumentException>(() => SmallModels.Save(file, _folder["q4.gguf"], options)).Message,
            StringComparison.Ordinal);
        SmallModels.Save(file, _folder["q4.gguf"], options with { AllowsRequantization = true });
        using GgufFile twice = GgufFile.Open(_folder["q4.gguf"]);
        Assert.Equal(15, twice.Metadata.GetInt32("general.file_type"));
        Assert.Equal(file.Metadata.Count, twice.Metadata.Count);
    }

    [Fact]
    public void A_weight_that_is_no_number_is_named_and_nothing_is_left_behind()
    {
        ModelConfig config = SmallModels.Config();
        Tensor[] tensors = [.. RandomWeights.Create(config, WeightMix.Find("f32"))];
        float[] values = HuggingFaceFolder.Floats(tensors.Single(tensor => tensor.Name == "blk.1.ffn_up.weight"));
        values[1000] = float.NaN;
        tensors =
        [
            .. tensors.Select(tensor =>
                tensor.Name == "blk.1.ffn_up.weight"
                    ? Tensor.Copy(
                        tensor.Name,
                        TensorType.F32,
                        tensor.Shape,
                        System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values))
                    : tensor),
        ];
        string folder = _folder["model"];
        Directory.CreateDirectory(folder);
        ScriptedFolder.WriteTokenizer(folder);
        SafetensorsWriter writer = new();
        foreach (Tensor tensor in tensors)
        {
            writer.Add(
                HuggingFaceFolder.NameOf(tensor.Name),
                SafetensorsType.F32,
                [.. tensor.Shape.ToArray().Reverse()],
                tensor.Data.ToArray());
        }

        HuggingFaceFolder.Save(folder, writer);
        HuggingFaceFolder.WriteConfig(folder, config);
        using Checkpoint model = ModelFiles.Open(folder);
        Assert.Contains(
            "'blk.1.ffn_up.weight'",
            Assert
                .Throws<InvalidDataException>(() => SmallModels.Save(model, _folder["a.gguf"], new() { Mix = WeightMix.Find("q8_0") }))
                .Message,
            StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder["."]));
    }

    [Fact]
    public void Cancelled_work_leaves_nothing_behind_and_progress_reaches_the_end()
    {
        using Checkpoint folder = Open();
        using CancellationTokenSource stop = new();
        List<ModelWriterProgress> seen = [];
        Assert.ThrowsAny<OperationCanceledException>(() =>
            ModelWriter.Save(
                folder,
                _folder["a.gguf"],
                new() { Mix = WeightMix.Find("q8_0") },
                new Watch(value =>
                {
                    if (seen.Count == 5)
                        stop.Cancel();

                    seen.Add(value);
                }), stop.Token));
        Assert.Empty(Directory.GetFiles(_folder["."]));

        seen.Clear();
        ModelWriter.Save(
            folder,
            _folder["a.gguf"],
            new() { Mix = WeightMix.Find("q8_0") },
            new Watch(seen.Add),
            TestContext.Current.CancellationToken);
        Assert.Equal(folder.Tensors.Count + 1, seen.Count);
        Assert.Equal(seen[^1].All, seen[^1].Done);
        Assert.True(seen.Zip(seen.Skip(1), (before, after) => before.Done <= after.Done).All(rises => rises));
    }

    [Fact]
    public void A_folder_without_a_tokenizer_cannot_become_a_file()
    {
        ScriptedFolder.WriteRandom(_folder["model"], SmallModels.Config());
        File.Delete(Path.Combine(_folder["model"], "tokenizer.json"));
        using Checkpoint folder = ModelFiles.Open(_folder["model"]);
        Assert.Contains(
            "tokenizer.json",
            Assert.Throws<InvalidDataException>(() => SmallModels.Save(folder, _folder["a.gguf"])).Message,
            StringComparison.Ordinal);
    }

    private Checkpoint Open() => ModelFiles.Open(ScriptedFolder.WriteRandom(_folder["model"], SmallModels.Config()));

    private sealed class Watch(Action<ModelWriterProgress> report) : IProgress<ModelWriterProgress>
    {
        public void Report(ModelWriterProgress value) => report(value);
    }
}
