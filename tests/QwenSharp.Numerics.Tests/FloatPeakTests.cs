namespace QwenSharp.Numerics.Tests;

public class FloatPeakTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Multiplying_takes_some_time(int threads) => Assert.InRange(FloatPeak.Measure(threads, 0.01), 1e7, 1e15);

    [Fact]
    public void Products_of_BF16_are_measured_where_there_are_any()
    {
        if (TrainingPrecisions.IsAvailable(TrainingPrecision.BF16))
            Assert.InRange(FloatPeak.Measure(1, 0.01, TrainingPrecision.BF16), 1e7, 1e16);
        else
            Assert.Throws<ArgumentException>(() => FloatPeak.Measure(1, 0.01, TrainingPrecision.BF16));
    }

    [Fact]
    public void Figures_that_make_no_sense_are_refused()
    {
        Assert.ThrowsAny<ArgumentException>(() => FloatPeak.Measure(-1));
        Assert.ThrowsAny<ArgumentException>(() => FloatPeak.Measure(1, 0));
    }
}
