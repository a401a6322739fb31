using System.Buffers.Binary;
using System.Text;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Tests.Checkpoints;

public sealed class ImportanceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Statistics_are_the_mean_squares_of_what_each_matrix_is_multiplied_with()
    {
        ModelConfig config = SmallModels.Config();
        string path = _folder["m.gguf"];
        RandomWeights.Save(path, config, WeightMix.Find("f32"));
        using GgufFile file = GgufFile.Open(path);
        int[] tokens = [.. Enumerable.Range(0, 100).Select(i => i * 7 % 320)];
        ImportanceMatrix matrix = ImportanceCollector.Collect(
            file,
            tokens,
            "text",
            chunkSize: 40,
            threads: 2,
            cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal((2, 40, 7 * config.Layers), (matrix.ChunkCount, matrix.ChunkSize, matrix.Names.Count));

        // What the first projections meet is known: the normalised embeddings.
        float[] embedding = HuggingFaceFolder.Floats(file.GetTensor("token_embd.weight")),
            norm = HuggingFaceFolder.Floats(file.GetTensor("blk.0.attn_norm.weight"));
        double[] expected = new double[config.Width];
        foreach (int token in tokens[..80])
        {
            double mean = Enumerable.Range(0, config.Width).Average(i => Math.Pow(embedding[token * config.Width + i], 2));
            for (int i = 0; i < config.Width; i++)
                expected[i] += Math.Pow(embedding[token * config.Width + i] * norm[i], 2) / (mean + config.RmsEpsilon) / 80;
        }

        foreach (string name in (string[])["attn_q", "attn_k", "attn_v"])
        {
            Assert.InRange(
                SmallModels.RelativeError([.. matrix.For($"blk.0.{name}.weight", config.Width)!.Select(value => (double)value)], expected),
                0,
                1e-5);
        }

        Assert.Equal(matrix.For("blk.2.ffn_gate.weight", config.Width), matrix.For("blk.2.ffn_up.weight", config.Width));
        Assert.Null(matrix.For("output.weight", config.Width));
        Assert.Throws<InvalidDataException>(() => matrix.For("blk.0.attn_q.weight", 255));
    }

    [Theory]
    [InlineData("qwen3moe")]
    [InlineData("qwen2moe")]
    public void Experts_have_statistics_of_their_own(string architecture)
    {
        ModelConfig config = SmallModels.Config() with
        {
            Architecture = architecture,
            FeedForwardWidth = 0,
            HasQkNorm = architecture == "qwen3moe",
            HasQkvBias = architecture == "qwen2moe",
            Experts = new MixtureOfExperts(6, 2, 256)
            {
                SharedWidth = architecture == "qwen2moe" ? 256 : 0,
                NormalizesWeights = architecture == "qwen3moe",
            },
        };
        string path = _folder["m.gguf"];
        RandomWeights.Save(path, config, WeightMix.Find("f32"));
        using GgufFile file = GgufFile.Open(path);
        ImportanceMatrix matrix = ImportanceCollector.Collect(
            file,
            [.. Enumerable.Range(0, 64)],
            "text",
            chunkSize: 64,
            cancellationToken: TestContext.Current.CancellationToken);
        matrix.Save(_folder["i.gguf"]);
        using GgufFile saved = GgufFile.Open(_folder["i.gguf"]);

        // Each token hits two experts.
        float[] counts = HuggingFaceFolder.Floats(saved.GetTensor("blk.1.ffn_gate_exps.weight.counts"));
        Assert.Equal((6, 128f), (counts.Length, counts.Sum()));
        Assert.Equal(counts, HuggingFaceFolder.Floats(saved.GetTensor("blk.1.ffn_down_exps.weight.counts")));
        float[] sums = HuggingFaceFolder.Floats(saved.GetTensor("blk.1.ffn_down_exps.weight.in_sum2"));
        Assert.All(
            Enumerable.Range(0, 6),
            expert => Assert.Equal(counts[expert] > 0, sums.Skip(256 * expert).Take(256).Any(sum => sum > 0)));
        Assert.False(saved.TryGetTensor("blk.1.ffn_gate_inp.weight.in_sum2", out _));

        SmallModels.Save(file, _folder["q.gguf"], new() { Mix = WeightMix.Find("q4_k_m"), Importance = matrix });
        using GgufFile quantized = GgufFile.Open(_folder["q.gguf"]);
        Assert.InRange(SmallModels.RelativeError(SmallModels.Logits(quantized), SmallModels.Logits(file)), 0, 0.5);
        Assert.Equal(matrix.Names.Count, quantized.Metadata.GetInt32("quantize.imatrix.entries_count"));
    }

    [Fact]
    public void A_saved_matrix_is_read_back()
    {
        ImportanceMatrix matrix = new() { Datasets = ["a", "täglich"], ChunkCount = 3, ChunkSize = 512 };
        matrix.Add("blk.0.attn_q.weight", [2, 4, 6], [2]);
        matrix.Add("blk.0.ffn_up_exps.weight", [1, 2, 0, 0], [1, 0]);
        matrix.Save(_folder["i.gguf"]);
        ImportanceMatrix read = ImportanceMatrix.Load(_folder["i.gguf"]);

        Assert.Equal(matrix.Names, read.Names);
        Assert.Equal((3, 512), (read.ChunkCount, read.ChunkSize));
        Assert.Equal(["a", "täglich"], read.Datasets);
        Assert.Equal([1, 2, 3], read.For("blk.0.attn_q.weight", 3)!);
        Assert.Equal([1, 2], read.For("blk.0.ffn_up_exps.weight", 2, matrices: 2, matrix: 0)!);
        Assert.Equal([1, 1], read.For("blk.0.ffn_up_exps.weight", 2, matrices: 2, matrix: 1)!);
    }

    [Fact]
    public void The_older_form_is_read()
    {
        byte[] bytes = Legacy();
        File.WriteAllBytes(_folder["i.dat"], bytes);
        ImportanceMatrix read = ImportanceMatrix.Load(_folder["i.dat"]);
        Assert.Equal([0.5f, 1], read.For("a.weight", 2)!);
        Assert.Equal((5, "t"), (read.ChunkCount, Assert.Single(read.Datasets)));

        for (int length = 0; length < bytes.Length - 9; length++)
        {
            File.WriteAllBytes(_folder["i.dat"], bytes[..length]);
            Assert.Throws<InvalidDataException>(() => ImportanceMatrix.Load(_folder["i.dat"]));
        }
    }

    [Fact]
    public void What_is_no_importance_matrix_is_refused()
    {
        RandomWeights.Save(_folder["m.gguf"], SmallModels.Config(), WeightMix.Find("f32"));
        Assert.Contains(
            "no importance matrix",
            Assert.Throws<InvalidDataException>(() => ImportanceMatrix.Load(_folder["m.gguf"])).Message,
            StringComparison.Ordinal);
        new GgufWriter()
            .AddTensor("a.in_sum2", TensorType.F32, [1], stream => stream.Write(BitConverter.GetBytes(-1f)))
            .AddTensor("a.counts", TensorType.F32, [1], stream => stream.Write(BitConverter.GetBytes(1f)))
            .Save(_folder["n.gguf"]);
        Assert.Contains(
            "negative",
            Assert.Throws<InvalidDataException>(() => ImportanceMatrix.Load(_folder["n.gguf"])).Message,
            StringComparison.Ordinal);
        using GgufFile file = GgufFile.Open(_folder["m.gguf"]);
        Assert.Contains(
            "at least 512",
            Assert
                .Throws<ArgumentException>(() =>
                    ImportanceCollector.Collect(file, [1, 2, 3], "short", cancellationToken: TestContext.Current.CancellationToken))
                .Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Importance_moves_the_error_away_from_the_columns_that_matter()
    {
        ModelConfig config = SmallModels.Config();
        RandomWeights.Save(_folder["m.gguf"], config, WeightMix.Find("f32"));
        using GgufFile file = GgufFile.Open(_folder["m.gguf"]);
        ImportanceMatrix matrix = new();
        float[] weights = [.. Enumerable.Range(0, 256).Select(i => i % 8 == 0 ? 100f : 0.1f)];
        matrix.Add("blk.0.attn_q.weight", weights, [1]);
        double Error(ImportanceMatrix? importance)
        {
            SmallModels.Save(file, _folder["q.gguf"], new() { Mix = WeightMix.Find("q4_k_s"), Importance = importance });
            using GgufFile quantized = GgufFile.Open(_folder["q.gguf"]);
            float[] before = HuggingFaceFolder.Floats(file.GetTensor("blk.0.attn_q.weight")),
                after = HuggingFaceFolder.Floats(quantized.GetTensor("blk.0.attn_q.weight"));
            return before.Zip(after).Index().Sum(entry => weights[entry.Index % 256] * Math.Pow(entry.Item.First - entry.Item.Second, 2));
        }

        Assert.InRange(Error(matrix), 0, 0.9 * Error(null));
    }

    private static byte[] Legacy()
    {
        MemoryStream bytes = new();
        void Integer(int value)
        {
            byte[] four = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(four, value);
            bytes.Write(four);
        }

        Integer(1);
        Integer(8);
        bytes.Write(Encoding.UTF8.GetBytes("a.weight"));
        Integer(4);
        Integer(2);
        bytes.Write(BitConverter.GetBytes(2f));
        bytes.Write(BitConverter.GetBytes(4f));
        Integer(5);
        Integer(1);
        bytes.WriteByte((byte)'t');
        return bytes.ToArray();
    }
}
