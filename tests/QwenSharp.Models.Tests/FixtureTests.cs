using System.Runtime.InteropServices;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Tests;

namespace QwenSharp.Models.Tests;

/// <summary>The tiny models of the reference data, against llama.cpp's logits.</summary>
public class FixtureTests
{
    [Theory]
    [InlineData("qwen-dense")]
    [InlineData("qwen2-dense")]
    [InlineData("qwen2moe-moe")]
    [InlineData("qwen2vl-dense")]
    [InlineData("qwen3-dense")]
    [InlineData("qwen3moe-moe")]
    [InlineData("qwen3next-moe")]
    [InlineData("qwen3vl-dense")]
    [InlineData("qwen35-dense")]
    [InlineData("qwen35moe-moe")]
    public void Logits_agree_with_llama_cpp(string name)
    {
        using GgufFile file = GgufFile.Open(Fixtures.Require("tiny-models", name + ".gguf"));
        byte[] reference = File.ReadAllBytes(Fixtures.Require("tiny-models", name + ".logits"));
        int count = BitConverter.ToInt32(reference), vocabulary = BitConverter.ToInt32(reference, 4);
        int[] tokens = MemoryMarshal.Cast<byte, int>(reference.AsSpan(8, 4 * count)).ToArray();
        double[] expected = [.. MemoryMarshal.Cast<byte, float>(reference.AsSpan(8 + 4 * count)).ToArray().Select(logit => (double)logit)];

        LanguageModel model = LanguageModel.Load(file);
        Assert.Equal(vocabulary, model.Config.VocabularySize);
        using Run run = new(model, count, sequences: 1);
        float[] actual = [.. run.Append(0, tokens).SelectMany(row => row)];
        double error = TinyModels.RelativeError(actual, expected);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {error:e2}");
        Assert.InRange(error, 0, 1e-4);
    }
}
