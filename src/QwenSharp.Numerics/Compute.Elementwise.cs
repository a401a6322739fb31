namespace QwenSharp.Numerics;

public sealed partial class Compute
{
    /// <summary>RMSNorm (Zhang and Sennrich, 2019) of each row: y = x / √(mean(x²) + ε) · weight. May be in place.</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="weight">F32 of shape [width].</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="y">[rows, width].</param>
    public unsafe void RmsNorm(Activations x, int rows, Tensor weight, float epsilon, Activations y)
    {
        float* w = (float*)weight.Pointer;
        for (int r = 0; r < rows; r++)
        {
            Span<float> input = x.Row(r), output = y.Row(r);
            float squares = 0;
            foreach (float value in input)
                squares += value * value;

            float scale = 1 / MathF.Sqrt(squares / input.Length + epsilon);
            for (int i = 0; i < input.Length; i++)
                output[i] = input[i] * scale * w[i];
        }
    }

    /// <summary>
    /// Prepares each head of each row for attention, in place: RMSNorm over the head where a weight is given (Qwen3's QK-norm),
    /// then rotary position embedding (Su et al., 2021) in the half-split (NeoX) layout: element i pairs with i + pairs.
    /// </summary>
    /// <param name="x">[rows, heads × headLength].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="headLength">Elements in a head.</param>
    /// <param name="normWeight">F32 of shape [headLength], or none.</param>
    /// <param name="epsilon">ε of the norm.</param>
    /// <param name="rotations">[rows, 2 × pairs]: cosines then sines of each row's angles; 2 × pairs ≤ headLength, the rest is not rotated.</param>
    public unsafe void NormalizeAndRotate(Activations x, int rows, int headLength, Tensor? normWeight, float epsilon, Activations rotations)
    {
        int pairs = rotations.Width / 2;
        for (int r = 0; r < rows; r++)
        {
            ReadOnlySpan<float> cosine = rotations.Row(r)[..pairs], sine = rotations.Row(r)[pairs..];
            for (int h = 0; h < x.Width; h += headLength)
            {
                Span<float> head = x.Row(r).Slice(h, headLength);
                if (normWeight is not null)
                {
                    float* w = (float*)normWeight.Pointer;
                    float squares = 0;
                    foreach (float value in head)
                        squares += value * value;

                    float scale = 1 / MathF.Sqrt(squares / headLength + epsilon);
                    for (int i = 0; i < headLength; i++)
                        head[i] = head[i] * scale * w[i];
                }

                for (int i = 0; i < pairs; i++)
                {
                    float a = head[i], b = head[i + pairs];
                    head[i] = a * cosine[i] - b * sine[i];
                    head[i + pairs] = a * sine[i] + b * cosine[i];
                }
            }
        }
    }

    /// <summary>SwiGLU (Shazeer, 2020): y = silu(gate) · up, with silu(v) = v / (1 + e⁻ᵛ). May be in place.</summary>
    public void SwiGlu(Activations gate, Activations up, int rows, Activations y)
    {
        for (int r = 0; r < rows; r++)
        {
            Span<float> g = gate.Row(r), u = up.Row(r), output = y.Row(r);
            for (int i = 0; i < g.Length; i++)
                output[i] = g[i] / (1 + MathF.Exp(-g[i])) * u[i];
        }
    }
}
