using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Models.Tests;

/// <summary>What is said of memory before it is allocated is what is allocated.</summary>
public class WorkspaceTests
{
    public static TheoryData<string> Names() => TinyModels.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public void The_predicted_bytes_are_those_allocated(string name)
    {
        ModelConfig config = TinyModels.Configs[name];
        using CpuCompute compute = new(threads: 1);
        using Workspace workspace = new(compute, config, maxRows: 7, maxLogits: 3);

        Assert.Equal(workspace.Bytes, Workspace.BytesFor(config, 7, 3));
        Assert.True(workspace.Bytes > 4L * ((7 * 2 * config.Width) + (3 * config.VocabularySize)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Described_weights_are_those_that_would_be_made(string name)
    {
        ModelConfig config = TinyModels.Configs[name];
        WeightMix mix = WeightMix.Find("q4_k_m");

        Assert.Equal(
            RandomWeights.Create(config, mix).Select(tensor => tensor.ToString()),
            DescribedWeights.Of(config, mix).Select(tensor => tensor.ToString()));
    }

    [Fact]
    public void Data_of_a_described_tensor_is_refused() =>
        Assert.Throws<InvalidOperationException>(() => Tensor.Describe("w", TensorType.F32, [4]).Data.Length);
}
