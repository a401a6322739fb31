namespace QwenSharp.Numerics.Tests;

public class DropoutTests
{
    [Theory]
    [InlineData(0.1f)]
    [InlineData(0.5f)]
    [InlineData(0.9f)]
    public void Keeps_the_right_share_and_divides_by_it(float probability)
    {
        const int Rows = 400, Width = 251;
        int kept = Kept(probability, seed: 7, Rows, Width).Count(x => x);

        // Five standard deviations.
        double expected = Rows * Width * (1 - probability), deviation = Math.Sqrt(expected * probability);
        Assert.InRange(kept, expected - (5 * deviation), expected + (5 * deviation));
    }

    [Fact]
    public void The_mask_is_the_same_whenever_and_however_it_is_asked_for()
    {
        using HostActivations x = Kernels.Matrix(300, 100, 1), y = new(300, 100), part = new(300, 100);
        foreach (int threads in new[] { 1, 4 })
        {
            using TrainingCompute compute = new(threads);
            compute.Dropout(x, 300, 0.3f, 99, y);
            compute.Dropout(x, 5, 0.3f, 99, part);
            for (int row = 0; row < 5; row++)
                Kernels.SameBits(y.Row(row), part.Row(row));

            compute.Dropout(y, 300, 0, 99, part);
            Kernels.SameBits(y.Row(299), part.Row(299));
        }

        using TrainingCompute again = new(2);
        again.Dropout(x, 300, 0.3f, 99, x);
        for (int row = 0; row < 300; row++)
            Kernels.SameBits(y.Row(row), x.Row(row));
    }

    [Fact]
    public void Rows_columns_and_seeds_have_masks_of_their_own()
    {
        const int Rows = 200, Width = 200;
        bool[] mask = Kept(0.5f, 1, Rows, Width), other = Kept(0.5f, 2, Rows, Width);
        double total = Rows * Width, five = 5 * Math.Sqrt(total) / 2;
        Assert.InRange(mask.Zip(other).Count(pair => pair.First == pair.Second), (total / 2) - five, (total / 2) + five);

        // Moved by a row, by a column, by two columns, or by one of each, the mask agrees with itself in half of the places.
        foreach (int by in new[] { Width, 1, 2, Width + 1, Width - 2 })
            Assert.InRange(mask.Skip(by).Zip(mask).Count(pair => pair.First == pair.Second), (total / 2) - five - by, (total / 2) + five);
    }

    private static bool[] Kept(float probability, ulong seed, int rows, int width)
    {
        using TrainingCompute compute = new(2);
        using HostActivations x = new(rows, width), y = new(rows, width);
        for (int row = 0; row < rows; row++)
            x.Row(row).Fill(1);

        compute.Dropout(x, rows, probability, seed, y);
        float scaled = (float)(1 / (1 - (double)probability));
        float[] all = [.. Enumerable.Range(0, rows).SelectMany(row => y.Row(row).ToArray())];
        Assert.All(all, value => Assert.True(value == 0 || value == scaled));
        return [.. all.Select(value => value != 0)];
    }
}
