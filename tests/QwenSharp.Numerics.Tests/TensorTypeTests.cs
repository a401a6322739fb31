namespace QwenSharp.Numerics.Tests;

public class TensorTypeTests
{
    [Theory]
    [InlineData(TensorType.F32, 256, 1024)]
    [InlineData(TensorType.BF16, 3, 6)]
    [InlineData(TensorType.Q8_0, 64, 68)]
    [InlineData(TensorType.Q4_K, 512, 288)]
    [InlineData(TensorType.Q6_K, 256, 210)]
    [InlineData(TensorType.IQ1_S, 256, 50)]
    [InlineData(TensorType.IQ1_M, 256, 56)]
    [InlineData(TensorType.IQ2_XXS, 256, 66)]
    [InlineData(TensorType.IQ2_XS, 256, 74)]
    [InlineData(TensorType.IQ2_S, 256, 82)]
    [InlineData(TensorType.IQ3_XXS, 256, 98)]
    [InlineData(TensorType.IQ3_S, 256, 110)]
    [InlineData(TensorType.IQ4_NL, 64, 36)]
    [InlineData(TensorType.IQ4_XS, 512, 272)]
    [InlineData(TensorType.TQ1_0, 256, 54)]
    [InlineData(TensorType.TQ2_0, 256, 66)]
    [InlineData(TensorType.MXFP4, 64, 34)]
    [InlineData(TensorType.NVFP4, 64, 36)]
    [InlineData(TensorType.Q1_0, 128, 18)]
    [InlineData(TensorType.Q2_0, 64, 18)]
    public void Bytes_are_those_of_whole_blocks(TensorType type, long elements, long bytes) =>
        Assert.Equal(bytes, type.Bytes(elements));

    [Fact]
    public void A_partial_block_is_refused() =>
        Assert.Throws<ArgumentException>(() => TensorType.Q4_K.Bytes(255));

    [Theory]
    [InlineData("q4_k", TensorType.Q4_K)]
    [InlineData("IQ4_XS", TensorType.IQ4_XS)]
    [InlineData("iq2_XXs", TensorType.IQ2_XXS)]
    [InlineData("bf16", TensorType.BF16)]
    public void Names_are_read_in_any_case(string name, TensorType type) => Assert.Equal(type, TensorTypes.Parse(name));

    [Theory]
    [InlineData("")]
    [InlineData("12")]
    [InlineData("Q4_K_M")]
    [InlineData("Q4_0, Q8_0")]
    [InlineData(" q8_0")]
    public void What_is_no_types_name_is_refused(string name)
    {
        Assert.False(TensorTypes.TryParse(name, out _));
        Assert.Contains("Q4_K", Assert.Throws<ArgumentException>(() => TensorTypes.Parse(name)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Types_that_cannot_be_written_say_so()
    {
        TensorType[] readOnly = [.. Enum.GetValues<TensorType>().Where(type => type.HasMatrixProduct() && !type.CanQuantize())];
        Assert.Equal(
            [
                TensorType.IQ2_XXS,
                TensorType.IQ2_XS,
                TensorType.IQ3_XXS,
                TensorType.IQ1_S,
                TensorType.IQ3_S,
                TensorType.IQ2_S,
                TensorType.IQ1_M,
            ],
            readOnly);
        foreach (TensorType type in readOnly)
            Assert.Throws<ArgumentOutOfRangeException>(() => Quantization.Quantize(type, new float[256], new byte[type.BlockBytes()]));

        Assert.False(TensorType.I32.CanQuantize());
    }
}
