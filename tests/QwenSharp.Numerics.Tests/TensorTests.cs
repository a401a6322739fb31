namespace QwenSharp.Numerics.Tests;

/// <summary>Parts of a tensor.</summary>
public class TensorTests
{
    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.Q4_K)]
    [InlineData(TensorType.Q8_0)]
    public void A_slice_is_the_same_memory(TensorType type)
    {
        Tensor stack = Samples.Weights(type, 256, 12, seed: 1);
        Tensor rows = stack.Slice(256 * 3, [256, 4]), matrix = stack.Slice(0, [256, 6, 2]).Slice(256 * 6, [256, 6]);
        Assert.Equal(stack.RowData(3), rows.RowData(0));
        Assert.Equal(stack.RowData(6), rows.RowData(3));
        Assert.Equal(stack.RowData(11), matrix.RowData(5));
        Assert.Equal(stack.Name, rows.Name);
        Assert.True(stack.RowData(3) == rows.RowData(0));
    }

    [Fact]
    public void A_slice_outlives_its_stack()
    {
        Tensor slice = Samples.Weights(TensorType.F32, 8, 1000, seed: 1).Slice(8 * 999, [8]);
        byte[] before = slice.Data.ToArray();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(before, slice.Data.ToArray());
    }

    [Theory]
    [InlineData(-256, 256)]
    [InlineData(1, 256)]
    [InlineData(256 * 12, 256)]
    [InlineData(256 * 11, 512)]
    [InlineData(0, 100)]
    public void What_is_not_inside_or_not_whole_blocks_is_refused(long first, long length)
    {
        Tensor stack = Samples.Weights(TensorType.Q4_K, 256, 12, seed: 1);
        Assert.Throws<ArgumentException>(() => stack.Slice(first, [length]));
    }
}
