namespace QwenSharp.Numerics.Tests;

public class MemoryBandwidthTests
{
    [Fact]
    public void Reading_takes_some_time() => Assert.InRange(MemoryBandwidth.Measure(1, 32 << 20, passes: 1), 1e6, 1e13);

    [Fact]
    public void Figures_that_make_no_sense_are_refused()
    {
        Assert.ThrowsAny<ArgumentException>(() => MemoryBandwidth.Measure(-1));
        Assert.ThrowsAny<ArgumentException>(() => MemoryBandwidth.Measure(1, 1000));
        Assert.ThrowsAny<ArgumentException>(() => MemoryBandwidth.Measure(1, passes: 0));
    }
}
