namespace QwenSharp.Numerics;

/// <summary>A part of a position in M-RoPE (multimodal rotary embedding; Wang et al., 2024, Qwen2-VL).</summary>
public enum RotaryAxis
{
    /// <summary>The frame, or the position in a text.</summary>
    Time,

    /// <summary>The row in an image.</summary>
    Height,

    /// <summary>The column in an image.</summary>
    Width,
}

/// <summary>A position in M-RoPE. Those of text have three equal parts.</summary>
/// <param name="Time">The frame, or the position in a text.</param>
/// <param name="Height">The row in an image.</param>
/// <param name="Width">The column in an image.</param>
public readonly record struct GridPosition(int Time, int Height, int Width)
{
    internal int this[RotaryAxis axis] => axis switch
    {
        RotaryAxis.Time => Time,
        RotaryAxis.Height => Height,
        _ => Width,
    };
}
