namespace QwenSharp.Numerics.Tests;

public class TensorTypeTests
{
    [Theory]
    [InlineData(TensorType.F32, 256, 1024)]
    [InlineData(TensorType.BF16, 3, 6)]
    [InlineData(TensorType.Q8_0, 64, 68)]
    [InlineData(TensorType.Q4_K, 512, 288)]
    [InlineData(TensorType.Q6_K, 256, 210)]
    public void Bytes_are_those_of_whole_blocks(TensorType type, long elements, long bytes) =>
        Assert.Equal(bytes, type.Bytes(elements));

    [Fact]
    public void A_partial_block_is_refused() =>
        Assert.Throws<ArgumentException>(() => TensorType.Q4_K.Bytes(255));
}
