using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja;

/// <summary>What one rendering shares between all its parts.</summary>
internal sealed class Runtime(TemplateLimits limits, TimeProvider clock)
{
    public Budget Budget { get; } = new(limits);

    public TimeProvider Clock { get; } = clock;

    public Comparison Comparison => field ??= new(Budget);

    /// <summary>The line being evaluated, for errors.</summary>
    public int Line { get; set; }

    public Mapping NewMapping() => new(Comparison);

    public TextBuilder NewBuilder() => new(Budget);
}
