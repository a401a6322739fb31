namespace QwenSharp.Chat;

/// <summary>
/// What one rendering may use before it fails with a <see cref="TemplateException"/>. Templates come with downloaded models, so none is
/// trusted to end.
/// </summary>
public sealed record TemplateLimits
{
    /// <summary>The most steps: evaluated nodes, items walked, characters searched (in pages of 4096 comparisons).</summary>
    public long Steps { get; init; } = 10_000_000;

    /// <summary>The most UTF-16 units in the rendered text.</summary>
    public int OutputLength { get; init; } = 16 << 20;

    /// <summary>The most UTF-16 units of text (and, at 16 units each, lists and their items) built along the way, kept or not.</summary>
    public long Allocated { get; init; } = 64 << 20;

    /// <summary>The deepest nesting of macro calls and recursive loops.</summary>
    public int Depth { get; init; } = 100;

    /// <summary>The longest <c>range(…)</c>; Jinja's sandbox has the same limit.</summary>
    public int RangeLength { get; init; } = 100_000;

    /// <summary>The most bits in an integer.</summary>
    public int IntegerBits { get; init; } = 4096;
}
