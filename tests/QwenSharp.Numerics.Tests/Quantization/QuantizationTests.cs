namespace QwenSharp.Numerics.Tests;

public unsafe class QuantizationTests
{
    public static TheoryData<TensorType> Quantised =>
        [.. Enum.GetValues<TensorType>().Where(type => type.BlockLength() > 1 && type.CanQuantize())];

    /// <summary>The largest root-mean-square error, relative to the values', that rounding Gaussian weights may cost.</summary>
    private static double Tolerance(TensorType type) => type switch
    {
        TensorType.Q8_0 => 0.007,
        TensorType.Q6_K => 0.02,
        TensorType.Q5_K or TensorType.Q5_1 => 0.04,
        TensorType.Q5_0 => 0.05,
        TensorType.Q4_K or TensorType.Q4_1 or TensorType.IQ4_NL or TensorType.IQ4_XS => 0.08,
        TensorType.Q4_0 or TensorType.NVFP4 => 0.1,
        TensorType.MXFP4 => 0.13,
        TensorType.Q3_K => 0.18,
        TensorType.Q2_K => 0.32,
        TensorType.Q2_0 => 0.4,
        TensorType.TQ1_0 or TensorType.TQ2_0 => 0.46,
        _ => 0.62,
    };

    [Theory]
    [MemberData(nameof(Quantised))]
    public void Gaussian_weights_come_back_within_the_types_error(TensorType type)
    {
        float[] weights = Samples.Gaussian(4096, seed: 1, scale: 0.02f);
        float[] back = Samples.RoundTrip(type, weights);
        Assert.InRange(RelativeError(weights, back), 0, Tolerance(type));
    }

    [Theory]
    [MemberData(nameof(Quantised))]
    public void Weights_of_one_sign_and_constant_blocks_come_back(TensorType type)
    {
        float[] positive = Samples.Gaussian(1024, seed: 2).Select(x => 3 + MathF.Abs(x)).ToArray();
        Assert.InRange(RelativeError(positive, Samples.RoundTrip(type, positive)), 0, 0.25);
        float[] constant = Enumerable.Repeat(-0.5f, 256).ToArray();
        Assert.InRange(RelativeError(constant, Samples.RoundTrip(type, constant)), 0, 0.02);
    }

    [Theory]
    [MemberData(nameof(Quantised))]
    public void Zeros_and_the_smallest_floats_come_back_as_zeros(TensorType type)
    {
        Assert.All(Samples.RoundTrip(type, new float[256]), value => Assert.Equal(0, value));
        Assert.All(Samples.RoundTrip(type, Enumerable.Repeat(1e-40f, 256).ToArray()), value => Assert.InRange(MathF.Abs(value), 0, 1e-6f));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(1e30f)]
    public void What_no_block_can_hold_is_refused(float value)
    {
        float[] weights = new float[256];
        weights[7] = value;
        foreach (TensorType type in Quantised.Select(row => row.Data).Where(type => type != TensorType.MXFP4 || !float.IsFinite(value)))
            Assert.Throws<ArgumentException>(() => Samples.RoundTrip(type, weights));
    }

    public static TheoryData<TensorType> Grouped =>
        [.. Enum.GetValues<TensorType>().Where(type => type.BlockLength() > 1 && !type.HasCodebook())];

    [Theory]
    [MemberData(nameof(Grouped))]
    public void Any_bytes_are_read_with_the_bits_of_the_plain_decoder(TensorType type)
    {
        int length = type.BlockLength(), group = BlockDecoder.GroupLength(type);
        byte[] data = new byte[type.Bytes(60 * 256)];
        new Random(6).NextBytes(data);
        float[] values = new float[60 * 256];
        Quantization.Dequantize(type, data, values);
        fixed (byte* source = data)
        {
            for (int i = 0; i < values.Length; i++)
            {
                BlockDecoder.Decode(type, source + i / length * type.BlockBytes(), out DecodedBlock block);
                int g = i % length / group;
                float expected = block.Scale * block.GroupScales[g] * block.Codes[i % length] - block.Minimum * block.GroupMinima[g];
                Assert.True(
                    BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(values[i])
                        || (float.IsNaN(expected) && float.IsNaN(values[i])),
                    $"{type}, element {i}: {values[i]:R} instead of {expected:R}");
            }
        }
    }

    [Fact]
    public void Every_half_and_every_bfloat16_is_read()
    {
        byte[] data = [.. Enumerable.Range(0, 65536 + 3).SelectMany(i => BitConverter.GetBytes((ushort)i))];
        float[] halves = new float[65536 + 3], brains = new float[65536 + 3];
        Quantization.Dequantize(TensorType.F16, data, halves);
        Quantization.Dequantize(TensorType.BF16, data, brains);
        for (int i = 0; i < halves.Length; i++)
        {
            Assert.Equal((float)BitConverter.UInt16BitsToHalf((ushort)i), halves[i]);
            Assert.Equal((uint)(ushort)i << 16, BitConverter.SingleToUInt32Bits(brains[i]));
        }
    }

    [Theory]
    [InlineData(TensorType.F16, 65519, true)]
    [InlineData(TensorType.F16, 65520, false)]
    [InlineData(TensorType.F16, -70000, false)]
    [InlineData(TensorType.BF16, 3.389e38f, true)]
    [InlineData(TensorType.BF16, -3.4e38f, false)]
    public void A_weight_that_would_become_infinite_is_refused(TensorType type, float value, bool fits)
    {
        float[] values = [1, value];
        byte[] data = new byte[4];
        if (fits)
            Quantization.Quantize(type, values, data);
        else
            Assert.Contains("Element 1 is ", Assert.Throws<ArgumentException>(() => Quantization.Quantize(type, values, data)).Message);
    }

    [Fact]
    public void Half_types_round_to_the_nearest()
    {
        float[] values = [1.00390625f, 1.01171875f, -3.5f, 65504, 1e-7f];
        Assert.Equal(
            [1f, 1.015625f, -3.5f, 65536, BitConverter.UInt32BitsToSingle(0x33d70000)],
            Samples.RoundTrip(TensorType.BF16, values));
        Assert.Equal([1.00390625f, 1.01171875f, -3.5f, 65504, (float)(Half)1e-7f], Samples.RoundTrip(TensorType.F16, values));
    }

    [Theory]
    [InlineData(TensorType.Q4_K, 256, 143)]
    [InlineData(TensorType.Q8_0, 64, 34)]
    public void Lengths_that_do_not_fit_are_refused(TensorType type, int elements, int bytes)
    {
        Assert.Throws<ArgumentException>(() => Quantization.Dequantize(type, new byte[bytes], new float[elements]));
        Assert.Throws<ArgumentException>(() => Quantization.Quantize(type, new float[elements], new byte[bytes]));
    }

    private static double RelativeError(float[] expected, float[] actual) =>
        Math.Sqrt(expected.Zip(actual, (e, a) => Math.Pow((double)e - a, 2)).Sum() / expected.Sum(e => (double)e * e));
}
