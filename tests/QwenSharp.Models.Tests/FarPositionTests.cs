using System.Numerics;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Models.Tests;

/// <summary>Rotary angles at far positions, against numbers of 100 digits.</summary>
public class FarPositionTests
{
    private static readonly int[] _positions = [0, 1, 31, 4_095, 40_959, 131_071, 262_143, 524_287, 1_010_000, 1_048_575];

    public static TheoryData<string> Scalings() => ["none", "linear", "dynamic", "yarn", "yarn, fractional bounds"];

    [Theory]
    [MemberData(nameof(Scalings))]
    public void Sines_and_cosines_are_exact_to_a_millionth(string scaling)
    {
        using CpuCompute compute = new(1);
        foreach ((int length, double theta) in ((int, double)[])[(128, 1e6), (128, 5e6), (64, 1e7), (128, 1e4)])
        {
            ModelConfig config = TinyModels.Config("qwen3", heads: 2, kvHeads: 1, headLength: length) with
            {
                RopeTheta = (float)theta,
                RopeScaling = Scaling(scaling),
            };
            RotaryPositions rotary = new(config);
            Batch batch = new(_positions.Length, _positions.Length);
            foreach (int position in _positions)
                batch.Add([1], position, new int[1 + position / KvStore.BlockTokens], 0);

            using HostActivations rotations = new(_positions.Length, length);
            rotary.Fill(compute, batch, rotations);
            for (int pair = 0; pair < length / 2; pair++)
            {
                Precise frequency = Stretched(scaling, theta, length, pair);
                for (int row = 0; row < _positions.Length; row++)
                {
                    (double sine, double cosine) = frequency.SinCosOfMultiple(_positions[row]);
                    Assert.InRange(rotations.Row(row)[pair] / rotary.Magnitude - cosine, -1e-6, 1e-6);
                    Assert.InRange(rotations.Row(row)[pair + length / 2] / rotary.Magnitude - sine, -1e-6, 1e-6);
                }
            }
        }
    }

    [Fact]
    public void YaRN_multiplies_by_the_papers_factor()
    {
        Assert.Equal(0.1 * Math.Log(4) + 1, YarnRopeScaling.PaperMagnitude(4), 1e-6);
        Assert.Equal(0.1 * 0.707 * Math.Log(40) + 1, YarnRopeScaling.PaperMagnitude(40, 0.707f), 1e-6);
        Assert.Equal(1, YarnRopeScaling.PaperMagnitude(1));
        Assert.Equal(YarnRopeScaling.PaperMagnitude(4) * 1.5f, new YarnRopeScaling(4, 32_768, AttentionFactor: 1.5f).Magnitude);
    }

    private static RopeScaling? Scaling(string name) => name switch
    {
        "linear" => new LinearRopeScaling(4),
        "dynamic" => new DynamicRopeScaling(4),
        "yarn" => new YarnRopeScaling(4, 262_144),
        "yarn, fractional bounds" => new YarnRopeScaling(4, 262_144) { Truncates = false },
        _ => null,
    };

    private static Precise Stretched(string scaling, double theta, int length, int pair)
    {
        Precise plain = Precise.Power(theta, -2 * pair, length);
        switch (scaling)
        {
            case "linear":
                return plain.Times(1, 4);
            case "dynamic":
                // θ' = θ · 13^(d / (d − 2)): 4 · 4 − 3 = 13.
                return plain.Times(Precise.Power(13, -2 * pair, length - 2));
            case "none":
                return plain;
            default:
                double Bound(double rotations) => length * Math.Log(262_144 / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));
                (double low, double high) = scaling == "yarn" ? (Math.Floor(Bound(32)), Math.Ceiling(Bound(1))) : (Bound(32), Bound(1));
                double ramp = Math.Clamp((pair - Math.Max(low, 0)) / (Math.Min(high, length - 1) - Math.Max(low, 0)), 0, 1);

                // 1 − ¾ · ramp of the frequency is left; ramp is a double, so this product is exact too.
                return plain.Times(Precise.Of(1 - 0.75 * ramp));
        }
    }

    /// <summary>A real number in fixed point, with 332 bits behind the point (100 digits).</summary>
    private readonly record struct Precise(BigInteger Units)
    {
        private const int Bits = 332;
        private static readonly BigInteger _one = BigInteger.One << Bits;
        private static readonly BigInteger _pi = 16 * Arctangent(5) - 4 * Arctangent(239);

        public static Precise Of(double value)
        {
            long mantissa = (long)Math.ScaleB(value, 60);
            return new Precise((BigInteger)mantissa << (Bits - 60));
        }

        /// <summary>value^(numerator / denominator), for an integer value and a result below 1.</summary>
        public static Precise Power(double value, int numerator, int denominator) =>
            new(Exponential(Logarithm((BigInteger)value) * numerator / denominator));

        public Precise Times(int numerator, int denominator) => new(Units * numerator / denominator);

        public Precise Times(Precise other) => new(Units * other.Units >> Bits);

        public (double Sine, double Cosine) SinCosOfMultiple(int times)
        {
            // Taylor's series of the angle modulo 2π.
            BigInteger angle = Units * times % (2 * _pi), sine = 0, cosine = 0, term = _one;
            for (int n = 0; !term.IsZero; n++, term = (term * angle >> Bits) / n)
            {
                if (n % 2 == 0)
                    cosine += n % 4 == 0 ? term : -term;
                else
                    sine += n % 4 == 1 ? term : -term;
            }

            return (ToDouble(sine), ToDouble(cosine));
        }

        private static double ToDouble(BigInteger units) => Math.ScaleB((double)(units >> (Bits - 62)), -62);

        // arctan(1 / x), Machin's formula for π.
        private static BigInteger Arctangent(int x)
        {
            BigInteger sum = 0, power = _one / x;
            for (int n = 1; !power.IsZero; n += 2, power /= x * x)
                sum += n % 4 == 1 ? power / n : -power / n;

            return sum;
        }

        // ln x = 2 Σ zⁿ / n over odd n, with z = (x − 1) / (x + 1), after powers of 2 are taken out.
        private static BigInteger Logarithm(BigInteger x)
        {
            int twos = (int)x.GetBitLength() - 1;
            return Series((x << Bits) >> twos) + (twos == 0 ? 0 : twos * Series(2 * _one));

            static BigInteger Series(BigInteger value)
            {
                BigInteger z = ((value - _one) << Bits) / (value + _one), square = z * z >> Bits, sum = 0;
                for (int n = 1; !z.IsZero; n += 2, z = z * square >> Bits)
                    sum += z / n;

                return 2 * sum;
            }
        }

        private static BigInteger Exponential(BigInteger x)
        {
            // e^x = (e^(x / 2⁶))^(2⁶), so that the series is short.
            BigInteger small = x >> 6, sum = 0, term = _one;
            for (int n = 1; !term.IsZero && term != -1; n++)
            {
                sum += term;
                term = (term * small >> Bits) / n;
            }

            for (int i = 0; i < 6; i++)
                sum = sum * sum >> Bits;

            return sum;
        }
    }
}
