using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// Multimodal rotary embedding (M-RoPE; Wang et al., 2024, Qwen2-VL): a position has a time, a height and a width, and each pair of a head
/// turns by one of them. In text all three are equal, so that the angles are those of plain rotary embedding.
/// </summary>
/// <param name="Time">How many pairs turn by time.</param>
/// <param name="Height">How many pairs turn by height.</param>
/// <param name="Width">How many pairs turn by width.</param>
/// <param name="IsInterleaved">Whether pairs take time, height and width in turn (Qwen3-VL, <c>mrope_interleaved</c>); otherwise one
/// section follows the other (Qwen2-VL).</param>
public sealed record RotarySections(int Time, int Height, int Width, bool IsInterleaved = false)
{
    /// <summary>Which part of a position a pair turns by. Pairs that the sections leave over when they take turns belong to time.</summary>
    public RotaryAxis AxisOf(int pair)
    {
        if (!IsInterleaved)
            return pair < Time ? RotaryAxis.Time : pair < Time + Height ? RotaryAxis.Height : RotaryAxis.Width;

        return (pair % 3) switch
        {
            1 when pair < 3 * Height => RotaryAxis.Height,
            2 when pair < 3 * Width => RotaryAxis.Width,
            _ => RotaryAxis.Time,
        };
    }

    internal void Validate(int pairs)
    {
        if (Time < 0 || Height < 0 || Width < 0 || (long)Time + Height + Width < pairs)
        {
            throw new ModelLoadException(
                $"Rotary sections of {Time}, {Height} and {Width} pairs do not cover the {pairs} pairs of a head.");
        }
    }
}
