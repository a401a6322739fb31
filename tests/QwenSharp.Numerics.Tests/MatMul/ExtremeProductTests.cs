namespace QwenSharp.Numerics.Tests;

/// <summary>Sums at the ends of what integers of 8 and 16 bits hold, which random codes hardly reach.</summary>
public class ExtremeProductTests
{
    private const int Columns = 512, Rows = 50, Tokens = 13;

    public static MatrixTheoryData<TensorType, byte> Cases => new(
        [
            TensorType.Q2_K, TensorType.Q3_K, TensorType.Q4_K, TensorType.Q5_K, TensorType.Q6_K, TensorType.Q8_0, TensorType.Q5_0,
            TensorType.IQ4_NL,
        ],
        [0x00, 0x7f, 0x80, 0xff]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_largest_codes_scales_and_activations_give_the_scalar_bits(TensorType type, byte fill)
    {
        byte[] data = new byte[type.Bytes(Columns * Rows)];
        Array.Fill(data, fill);
        foreach (int at in Halves(type))
        {
            for (int block = at; block < data.Length; block += type.BlockBytes())
                BitConverter.TryWriteBytes(data.AsSpan(block), BitConverter.HalfToUInt16Bits((Half)0.125f));
        }

        Tensor weight = Tensor.Copy("extreme", type, [Columns, Rows], data);
        using HostActivations x = new(Tokens, Columns);
        for (int token = 0; token < Tokens; token++)
        {
            for (int i = 0; i < Columns; i++)
                x.Row(token)[i] = token % 3 == 0 || (token % 3 == 1) == (i % 2 == 0) ? 127 : -127;
        }

        foreach (int tokens in new[] { 1, Tokens })
        {
            float[] expected = Multiply(Isa.Scalar, x, tokens, weight);
            Assert.All(expected, value => Assert.True(float.IsFinite(value)));
            foreach (Isa isa in InstructionSets.Available)
                Assert.Equal(expected, Multiply(isa, x, tokens, weight));
        }
    }

    private static int[] Halves(TensorType type) => type switch
    {
        TensorType.Q4_K or TensorType.Q5_K => [0, 2],
        TensorType.Q2_K => [80, 82],
        TensorType.Q3_K => [108],
        TensorType.Q6_K => [208],
        _ => [0],
    };

    private static float[] Multiply(Isa isa, HostActivations x, int tokens, Tensor weight)
    {
        using CpuCompute compute = new(2, isa);
        using HostActivations y = new(tokens, weight.Rows);
        compute.Project(x, tokens, new Projection(weight, y));
        return [.. Enumerable.Range(0, tokens).SelectMany(token => y.Row(token).ToArray())];
    }
}
