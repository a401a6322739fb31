using Microsoft.Extensions.AI;
using QwenSharp.Chat.Streaming.Hermes;
using QwenSharp.Chat.Streaming.Xml;

namespace QwenSharp.Chat.Streaming;

/// <summary>How a family of models writes tool calls.</summary>
public abstract class ToolCallDialect
{
    private protected ToolCallDialect()
    {
    }

    /// <summary>All dialects, the more special first.</summary>
    public static IReadOnlyList<ToolCallDialect> All { get; } = [new XmlToolCalls(), new JsonToolCalls()];

    /// <summary>Its names, the usual one first.</summary>
    public abstract IReadOnlyList<string> Names { get; }

    /// <summary>The dialect of a name; null if there is none.</summary>
    public static ToolCallDialect? Named(string name) => All.FirstOrDefault(dialect => dialect.Names.Contains(name));

    /// <summary>The dialect that a template teaches; null if it knows no tool calls.</summary>
    public static ToolCallDialect? TaughtBy(string template) => All.FirstOrDefault(dialect => dialect.IsTaughtBy(template));

    /// <summary>What a call may begin with.</summary>
    internal abstract IReadOnlyList<CallOpening> Openings { get; }

    private protected abstract bool IsTaughtBy(string template);

    /// <summary>Begins to read what may be a call.</summary>
    /// <param name="opening">What it begins with.</param>
    /// <param name="tools">What is offered.</param>
    /// <param name="isWhole">Whether nothing may be mended: the closing tags are all there, and only offered tools are called.</param>
    internal abstract CallReading Begin(CallOpening opening, OfferedTools tools, bool isWhole);

    /// <summary>Begins to read a call that a mask holds to the form that this dialect's templates teach.</summary>
    internal abstract HeldReading BeginHeld(OfferedTools tools);

    internal static FunctionCallContent Call(string name, IDictionary<string, object?> arguments) => new(NewId(), name, arguments);

    internal static string NewId() => $"call_{Guid.NewGuid():N}";
}

/// <summary>What a call may begin with.</summary>
/// <param name="Text">The characters.</param>
internal sealed record CallOpening(string Text)
{
    /// <summary>The fence of a block of code. Every dialect names it: what is in there may be code and no call.</summary>
    public static CallOpening Fence { get; } = new("```") { AtLineStart = true };

    /// <summary>Whether it counts at the beginning of a line only.</summary>
    public bool AtLineStart { get; init; }

    /// <summary>Whether it stands for the tag that a model left out; inside a block of code it is code.</summary>
    public bool IsBare { get; init; }

    /// <summary>Whether reasoning that was never closed may go over into such a call.</summary>
    public bool InReasoning { get; init; }
}
