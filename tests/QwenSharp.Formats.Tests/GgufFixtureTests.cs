using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Formats.Tests;

/// <summary>Files that other implementations wrote.</summary>
public class GgufFixtureTests
{
    public static TheoryData<string> Models() =>
        [
            "qwen-dense",
            "qwen2-dense",
            "qwen2moe-moe",
            "qwen2vl-dense",
            "qwen3-dense",
            "qwen35-dense",
            "qwen35moe-moe",
            "qwen3moe-moe",
            "qwen3next-moe",
            "qwen3vl-dense",
        ];

    [Theory]
    [MemberData(nameof(Models))]
    public void A_tiny_model_opens_and_all_of_it_reads(string name)
    {
        using GgufFile file = GgufFile.Open(Fixtures.Require("tiny-models", name + ".gguf"));

        Assert.Equal(name[..name.IndexOf('-')], file.Metadata.GetString("general.architecture"));
        Assert.NotEmpty(file.Tensors);
        Assert.All(file.Tensors, tensor => Assert.Equal(TensorType.F32, tensor.Type));
        Every.Value(file);
    }

    [Theory]
    [InlineData("ggml-vocab-qwen2", "qwen2", "qwen2", 151_936)]
    [InlineData("ggml-vocab-qwen35", null, "qwen35", null)]
    public void A_vocabulary_opens_without_weights(string name, string? architecture, string pre, int? tokens)
    {
        using GgufFile file = GgufFile.Open(Fixtures.Require("tokenizers", name + ".gguf"));

        if (architecture is not null)
            Assert.Equal(architecture, file.Metadata.GetString("general.architecture"));
        Assert.Equal(pre, file.Metadata.GetString("tokenizer.ggml.pre"));
        GgufStringArray vocabulary = file.Metadata.GetStringArray("tokenizer.ggml.tokens");
        Assert.Equal(tokens ?? vocabulary.Count, vocabulary.Count);
        Assert.Equal(vocabulary.Count, file.Metadata.GetInt32Array("tokenizer.ggml.token_type").Length);
        Assert.Equal("!", vocabulary.GetString(0));
        Assert.Empty(file.Tensors);
        Every.Value(file);
    }

    [Theory]
    [InlineData("tiny-models", "qwen3-dense.gguf")]
    [InlineData("tiny-models", "qwen35moe-moe.gguf")]
    [InlineData("tokenizers", "ggml-vocab-qwen2.gguf")]
    [InlineData("tokenizers", "ggml-vocab-qwen35.gguf")]
    public void What_llama_cpp_wrote_is_written_again_byte_for_byte(string folder, string name)
    {
        string original = Fixtures.Require(folder, name);
        using TemporaryFolder temporary = new();
        using (GgufFile file = GgufFile.Open(original))
        {
            GgufWriter writer = new();
            foreach ((string key, GgufValue value) in file.Metadata)
                writer.Add(key, value);
            foreach (Tensor tensor in file.Tensors)
                writer.AddTensor(tensor);

            writer.Save(temporary.File(name));
        }

        Assert.True(File.ReadAllBytes(original).AsSpan().SequenceEqual(File.ReadAllBytes(temporary.File(name))));
    }
}
