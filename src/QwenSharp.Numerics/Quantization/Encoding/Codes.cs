using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace QwenSharp.Numerics;

/// <summary>The numbers that a type's codes stand for, before they are scaled.</summary>
internal interface ICodes
{
    /// <summary>Where the search for a scale starts: the number that the group's largest magnitude is mapped to.</summary>
    static abstract float FirstTarget { get; }

    /// <summary>From one trial's target to the next.</summary>
    static abstract float TargetStep { get; }

    /// <summary>How many trials there are.</summary>
    static abstract int Targets { get; }

    /// <summary>Whether the opposite targets are tried too: worth it where the two ends differ much.</summary>
    static abstract bool BothSigns { get; }

    /// <summary>The nearest number.</summary>
    static abstract Vector256<float> Nearest(Vector256<float> value);
}

/// <summary>−4 … 3.</summary>
internal readonly struct ThreeBits : ICodes
{
    public static float FirstTarget => -4.9f;

    public static float TargetStep => 0.1f;

    public static int Targets => 19;

    public static bool BothSigns => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Nearest(Vector256<float> value) => Codes.Integer(value, -4, 3);
}

/// <summary>−8 … 7.</summary>
internal readonly struct FourBits : ICodes
{
    public static float FirstTarget => -8.9f;

    public static float TargetStep => 0.1f;

    public static int Targets => 19;

    public static bool BothSigns => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Nearest(Vector256<float> value) => Codes.Integer(value, -8, 7);
}

/// <summary>−16 … 15.</summary>
internal readonly struct FiveBits : ICodes
{
    public static float FirstTarget => -16.9f;

    public static float TargetStep => 0.1f;

    public static int Targets => 19;

    public static bool BothSigns => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Nearest(Vector256<float> value) => Codes.Integer(value, -16, 15);
}

/// <summary>−32 … 31.</summary>
internal readonly struct SixBits : ICodes
{
    public static float FirstTarget => -32.9f;

    public static float TargetStep => 0.1f;

    public static int Targets => 19;

    public static bool BothSigns => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Nearest(Vector256<float> value) => Codes.Integer(value, -32, 31);
}

/// <summary>−1, 0, 1. Ternary weights are met exactly by the first trial; of others the largest are worth cutting off.</summary>
internal readonly struct Trits : ICodes
{
    public static float FirstTarget => 1;

    public static float TargetStep => 0.25f;

    public static int Targets => 13;

    public static bool BothSigns => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Nearest(Vector256<float> value) => Codes.Integer(value, -1, 1);
}

/// <summary>−1, 0, 1, 2.</summary>
internal readonly struct TwoBits : ICodes
{
    public static float FirstTarget => 1;

    public static float TargetStep => 0.25f;

    public static int Targets => 13;

    public static bool BothSigns => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Nearest(Vector256<float> value) => Codes.Integer(value, -1, 2);
}

/// <summary>−1, 1.</summary>
internal readonly struct Signs : ICodes
{
    public static float FirstTarget => 1;

    public static float TargetStep => 1;

    public static int Targets => 1;

    public static bool BothSigns => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Nearest(Vector256<float> value) =>
        Vector256.ConditionalSelect(Vector256.LessThan(value, default), -Vector256<float>.One, Vector256<float>.One);
}

/// <summary>The values of IQ4_NL and IQ4_XS.</summary>
internal readonly struct NonLinear : ICodes
{
    public static float FirstTarget => -136;

    public static float TargetStep => 1;

    public static int Targets => 19;

    public static bool BothSigns => true;

    public static Vector256<float> Nearest(Vector256<float> value)
    {
        ReadOnlySpan<sbyte> values = CodebookDecoder.NonLinear;
        Vector256<float> nearest = Vector256.Create((float)values[0]);
        for (int i = 1; i < values.Length; i++)
            nearest = Codes.AtLeast(nearest, value, values[i - 1], values[i]);

        return nearest;
    }
}

/// <summary>Twice the values of E2M1.</summary>
internal readonly struct Floats4 : ICodes
{
    public static float FirstTarget => 12;

    public static float TargetStep => 1;

    public static int Targets => 1;

    public static bool BothSigns => false;

    public static Vector256<float> Nearest(Vector256<float> value)
    {
        Vector256<float> magnitude = Vector256.Abs(value), nearest = default;
        for (int i = 1; i < 8; i++)
            nearest = Codes.AtLeast(nearest, magnitude, CodebookDecoder.TwiceE2M1[i - 1], CodebookDecoder.TwiceE2M1[i]);

        return Vector256.CopySign(nearest, value);
    }
}

/// <summary>What several kinds of codes share.</summary>
internal static class Codes
{
    /// <summary>The nearest integer of a range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Integer(Vector256<float> value, float least, float greatest) =>
        Vector256.Min(Vector256.Max(Vector256.Round(value), Vector256.Create(least)), Vector256.Create(greatest));

    /// <summary><paramref name="upper"/> where a value is nearer to it than to <paramref name="lower"/>, otherwise what is there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AtLeast(Vector256<float> nearest, Vector256<float> value, sbyte lower, sbyte upper) =>
        Vector256.ConditionalSelect(
            Vector256.GreaterThan(value, Vector256.Create((lower + upper) * 0.5f)),
            Vector256.Create((float)upper),
            nearest);
}
