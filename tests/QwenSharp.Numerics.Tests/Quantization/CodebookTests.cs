namespace QwenSharp.Numerics.Tests;

public class CodebookTests
{
    /// <summary>FNV-1a of the floats that ggml 0.5.0 reads from <see cref="Samples.Blocks"/>, in 64 bits.</summary>
    public static TheoryData<TensorType, ulong> Hashes => new()
    {
        { TensorType.IQ1_S, 0x8f7bcc0248b3ace5 },
        { TensorType.IQ1_M, 0x4bea312865f80a85 },
        { TensorType.IQ2_XXS, 0x069ca163362683e1 },
        { TensorType.IQ2_XS, 0xc646aeaf8188e311 },
        { TensorType.IQ2_S, 0x004d1aedc927a485 },
        { TensorType.IQ3_XXS, 0x5f65d8ed163f4445 },
        { TensorType.IQ3_S, 0x70bd4bb3c26bbee5 },
        { TensorType.IQ4_NL, 0x8b048d38af3b2765 },
        { TensorType.IQ4_XS, 0x5bcc05fa94bad72f },
        { TensorType.MXFP4, 0x8a43b3b3728a2325 },
        { TensorType.NVFP4, 0xc7cddd602e122325 },
        { TensorType.TQ1_0, 0xba217c83183aa325 },
        { TensorType.TQ2_0, 0x79a88694d435c325 },
        { TensorType.Q1_0, 0x1b86acca16096325 },
        { TensorType.Q2_0, 0x2c62ed25fb0c4325 },
    };

    [Theory]
    [MemberData(nameof(Hashes))]
    public void Every_point_of_every_codebook_is_ggmls(TensorType type, ulong expected)
    {
        const int Count = 256 * 512;
        float[] values = new float[Count];
        Quantization.Dequantize(type, Samples.Blocks(type, Count, seed: 1, scale: 1), values);
        ulong hash = 0xcbf29ce484222325;
        foreach (float value in values)
            hash = (hash ^ BitConverter.SingleToUInt32Bits(value)) * 0x100000001b3;

        Assert.Equal(expected, hash);
    }

    [Fact]
    public void Nibbles_stand_for_the_values_of_their_table()
    {
        // d = 2; low nibbles 0 … 15 are the first elements, high ones, here 15 … 0, the others.
        byte[] block = [0x00, 0x40, .. Enumerable.Range(0, 16).Select(i => (byte)(i | 15 - i << 4))];
        float[] table = [-254, -208, -166, -130, -98, -70, -44, -20, 2, 26, 50, 76, 106, 138, 178, 226];
        Assert.Equal([.. table, .. table.Reverse()], Read(TensorType.IQ4_NL, block, 32));
    }

    [Fact]
    public void IQ4_XS_scales_of_six_bits_are_signed()
    {
        // d = 1, all scales 0 (stored plus 32: −32) but the second, 63 (31), and the last, 33 (1); every code is 8, the value 1.
        byte[] block = new byte[136];
        block.AsSpan(8).Fill(0x88);
        (block[1], block[2], block[3], block[4], block[7]) = (0x3c, 0x0c, 0x80, 0xf0, 0x10);
        float[] values = Read(TensorType.IQ4_XS, block, 256);
        Assert.Equal([-32, 31, -32, -32, -32, -32, -32, 1], Enumerable.Range(0, 8).Select(i => values[32 * i]));
    }

    [Theory]
    [InlineData(127, 1f)]
    [InlineData(128, 2f)]
    [InlineData(1, 1.17549435E-38f)]
    [InlineData(0, 5.877472E-39f)]
    [InlineData(250, 1.0633824E+37f)]
    public void MXFP4_is_an_exponent_and_the_values_of_E2M1(byte exponent, float unit)
    {
        byte[] block = [exponent, .. Enumerable.Range(0, 16).Select(i => (byte)(i | i << 4))];
        float[] e2m1 = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6];
        float[] expected = [.. e2m1.Select(x => x * unit), .. e2m1.Select(x => -x * unit)];
        Assert.Equal([.. expected, .. expected], Read(TensorType.MXFP4, block, 32));
    }

    [Fact]
    public void NVFP4_scales_are_eight_bit_floats()
    {
        // 1.0, the least subnormal 2⁻⁹, the greatest 448, and what would be NaN; every code is 4, the value 2.
        byte[] block = [0x38, 0x01, 0x7e, 0x7f, .. Enumerable.Repeat((byte)0x44, 32)];
        float[] values = Read(TensorType.NVFP4, block, 64);
        Assert.Equal([2f, 2 / 512f, 896f, 0f], Enumerable.Range(0, 4).Select(i => values[16 * i + 7]));
    }

    [Fact]
    public void Ternary_weights_are_written_and_read_exactly()
    {
        Random random = new(5);
        float[] weights = [.. Enumerable.Range(0, 2560).Select(_ => 0.0625f * random.Next(-1, 2))];
        Assert.Equal(weights, Samples.RoundTrip(TensorType.TQ1_0, weights));
        Assert.Equal(weights, Samples.RoundTrip(TensorType.TQ2_0, weights));
        Assert.Equal(weights, Samples.RoundTrip(TensorType.Q2_0, weights));
        float[] signs = [.. weights.Select(x => x < 0 ? -0.0625f : 0.0625f)];
        Assert.Equal(signs, Samples.RoundTrip(TensorType.Q1_0, signs));
    }

    private static float[] Read(TensorType type, byte[] block, int count)
    {
        float[] values = new float[count];
        Quantization.Dequantize(type, block, values);
        return values;
    }
}
