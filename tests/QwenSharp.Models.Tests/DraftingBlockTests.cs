using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Models.Tests;

/// <summary>Blocks that a file says draft the token after next, and those that are there: two things.</summary>
public sealed class DraftingBlockTests : IDisposable
{
    private static readonly ModelConfig Whole = TinyModels.Configs["qwen35moe, drafting"], Trunk = Whole with { NextTokenLayers = 0 };

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"qwensharp-{Guid.NewGuid():N}.gguf");

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("whole", 7, 1, 1, null)]
    [InlineData("none", 7, 1, 0, "nextn_predict_layers is 1, and the file has no such block")]
    [InlineData("none", 8, 2, 0, "nextn_predict_layers is 2, and the file has no such block")]
    [InlineData("none", 6, 1, 0, "nextn_predict_layers is 1, and the file has no such block")]
    [InlineData("nextn", 7, 1, 0, "Block 6, which drafts the token after next, is not whole")]
    [InlineData("nextn", 6, 0, 0, "Block 6, which drafts the token after next, is not whole")]
    [InlineData("part", 7, 1, 0, "blk.6.attn_k.weight")]
    [InlineData("whole", 7, 0, 1, "nextn_predict_layers is 0, and the file has 1")]
    [InlineData("whole", 6, 0, 1, "nextn_predict_layers is 0, and the file has 1")]
    [InlineData("whole", 8, 2, 1, "nextn_predict_layers is 2, and the file has 1")]
    public void The_tensors_tell_how_many_there_are(string there, int blocks, int declared, int expected, string? repair)
    {
        using GgufFile file = Write(there, blocks, declared);
        LanguageModel model = LanguageModel.Load(file);

        Assert.Equal(Whole with { NextTokenLayers = expected }, model.Config);
        Assert.Equal(repair is null ? 0 : 1, file.Repairs.Count);
        Assert.All(file.Repairs, sentence => Assert.Contains(repair!, sentence, StringComparison.Ordinal));
        using Run loaded = new(model, 8, 1), plain = new(RandomWeights.CreateModel(Trunk, TinyModels.F32, seed: 3), 8, 1);
        Assert.Equal(plain.Append(0, [1, 2, 3]), loaded.Append(0, [1, 2, 3]));
    }

    [Theory]
    [InlineData(9, 2)]
    [InlineData(7, 0)]
    [InlineData(7, 7)]
    public void A_missing_layer_stays_a_fault(int blocks, int declared)
    {
        using GgufFile file = Write("none", blocks, declared);
        Assert.Throws<ModelLoadException>(() => LanguageModel.Load(file));
    }

    [Fact]
    public void A_folder_with_a_part_of_a_block_runs_without()
    {
        DirectoryInfo path = Directory.CreateTempSubdirectory("qwensharp-models-");
        try
        {
            Tensor[] part = [.. Tensors().Where(tensor => !tensor.Name.StartsWith("blk.6.attn", StringComparison.Ordinal))];
            HuggingFaceFolder.Write(path.FullName, Whole, part);
            using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(path.FullName);

            Assert.Equal(0, LanguageModel.Load(folder).Config.NextTokenLayers);
            Assert.Contains("is not whole", Assert.Single(folder.Repairs), StringComparison.Ordinal);
        }
        finally
        {
            path.Delete(recursive: true);
        }
    }

    private static IReadOnlyList<Tensor> Tensors() => RandomWeights.Create(Whole, TinyModels.F32, seed: 3);

    private GgufFile Write(string there, int blocks, int declared)
    {
        GgufWriter keys = new();
        ConfigWriter.Write(Trunk, keys);
        keys.Save(_path);
        GgufWriter writer = new();
        using (GgufFile file = GgufFile.Open(_path))
        {
            foreach ((string key, GgufValue value) in file.Metadata)
            {
                if (!key.EndsWith(".block_count", StringComparison.Ordinal))
                    writer.Add(key, value);
            }
        }

        writer.Add("qwen35moe.block_count", (uint)blocks);
        if (declared > 0)
            writer.Add("qwen35moe.nextn_predict_layers", (uint)declared);

        // The trunk's weights are those of the trunk alone, drawn from the same seed.
        foreach (Tensor tensor in RandomWeights.Create(Trunk, TinyModels.F32, seed: 3))
            writer.AddTensor(tensor);

        foreach (Tensor tensor in Tensors().Where(tensor => tensor.Name.StartsWith("blk.6.", StringComparison.Ordinal)))
        {
            bool isThere = there switch
            {
                "whole" => true,
                "nextn" => tensor.Name.Contains(".nextn.", StringComparison.Ordinal),
                "part" => tensor.Name != "blk.6.attn_k.weight",
                _ => false,
            };
            if (isThere)
                writer.AddTensor(tensor);
        }

        writer.Save(_path);
        return GgufFile.Open(_path);
    }
}
