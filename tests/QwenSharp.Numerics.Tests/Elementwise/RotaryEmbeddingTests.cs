namespace QwenSharp.Numerics.Tests;

public class RotaryEmbeddingTests
{
    private const decimal Turn = 6.2831853071795864769252867666m;

    [Theory]
    [InlineData(64, 1e6, 1)]
    [InlineData(32, 1e4, 1)]
    [InlineData(40, 5e6, 4)]
    public void Angles_are_exact_from_the_first_position_to_the_millions(int pairs, double theta, double factor)
    {
        RotaryEmbedding rotary = RotaryEmbedding.Create(pairs, theta, factor);
        int[] positions = [0, 1, 2, 31, 4095, 131_071, 1_000_003, 16_777_217];
        using HostActivations rotations = new(positions.Length, 2 * pairs);
        using CpuCompute compute = new(2);
        compute.FillRotations(rotary, positions, rotations);
        for (int row = 0; row < positions.Length; row++)
        {
            for (int i = 0; i < pairs; i++)
            {
                // Reduced in 28 decimal digits, which the 24 bits of the result cannot tell from exact.
                double angle = (double)(positions[row] * (decimal)(Math.Pow(theta, -(double)i / pairs) / factor) % Turn);
                Assert.Equal(Math.Cos(angle), rotations.Row(row)[i], 6.1e-8);
                Assert.Equal(Math.Sin(angle), rotations.Row(row)[pairs + i], 6.1e-8);
            }
        }
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => RotaryEmbedding.Create(0, 1e4));
        Assert.Throws<ArgumentOutOfRangeException>(() => RotaryEmbedding.Create(4, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => RotaryEmbedding.Create(4, 1e4, 0));
        Assert.Throws<ArgumentException>(() => new RotaryEmbedding([1, double.NaN]));
        Assert.Throws<ArgumentException>(() => new RotaryEmbedding([1], float.NaN));
        Assert.Throws<ArgumentException>(() => new RotaryEmbedding([1, 2], 1, [RotaryAxis.Time]));
        using CpuCompute compute = new(1);
        using HostActivations rotations = new(1, 8);
        Assert.Throws<ArgumentException>(() => compute.FillRotations(RotaryEmbedding.Create(3, 1e4), [1], rotations));
        Assert.Throws<ArgumentException>(() => compute.FillRotations(RotaryEmbedding.Create(4, 1e4), [1, 2], rotations));
        Assert.Throws<ArgumentException>(() =>
            compute.FillRotations(RotaryEmbedding.Create(4, 1e4), [new GridPosition(1, 2, 3)], rotations));
    }

    [Fact]
    public void Each_pair_turns_by_its_part_of_the_position_and_is_magnified()
    {
        RotaryEmbedding plain = RotaryEmbedding.Create(3, 100);
        RotaryAxis[] axes = [RotaryAxis.Width, RotaryAxis.Time, RotaryAxis.Height];
        RotaryEmbedding grid = new(plain.Frequencies, 2, axes);
        using CpuCompute compute = new(1);
        using HostActivations expected = new(3, 6), actual = new(1, 6);
        compute.FillRotations(plain, [7, 5, 6], expected);
        compute.FillRotations(grid, [new GridPosition(5, 6, 7)], actual);
        for (int pair = 0; pair < 3; pair++)
        {
            Assert.Equal(2 * expected.Row(pair)[pair], actual.Row(0)[pair]);
            Assert.Equal(2 * expected.Row(pair)[3 + pair], actual.Row(0)[3 + pair]);
        }
    }
}
