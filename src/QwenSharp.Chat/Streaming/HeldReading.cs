using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace QwenSharp.Chat.Streaming;

/// <summary>
/// Reads a call that a mask holds to its form, while it is written: from its name on, nothing of it has to be taken back. Its arguments
/// are the JSON text that its pieces make together, and what that text means.
/// </summary>
internal abstract class HeldReading
{
    // As deep as the arguments of a call can be written again.
    private static readonly JsonDocumentOptions Nested = new() { MaxDepth = 120 };

    private readonly string _id = ToolCallDialect.NewId();
    private int _told;

    /// <summary>Which tool is called; null until that is known, and as long nothing of the text is done with.</summary>
    public string? Name { get; protected set; }

    /// <summary>Whether this is no call of the mask's form; then no name will be known.</summary>
    public bool IsOther { get; protected set; }

    /// <summary>Whether the arguments are whole.</summary>
    public bool IsWhole { get; protected set; }

    /// <summary>Whether the call has ended, its closing tag included.</summary>
    public bool IsEnded { get; protected set; }

    /// <summary>The arguments so far, as JSON.</summary>
    protected StringBuilder Arguments { get; } = new();

    /// <summary>Reads on.</summary>
    /// <param name="text">What has come and is not done with.</param>
    /// <returns>How much of it is done with.</returns>
    public abstract int Read(ReadOnlySpan<char> text);

    /// <summary>Says that the reply ends here. What is whole but for its closing tags is made whole.</summary>
    public virtual void End() => IsEnded = true;

    /// <summary>What is new of the arguments.</summary>
    public CallFragment Take()
    {
        string more = Arguments.ToString(_told, Arguments.Length - _told);
        _told = Arguments.Length;
        return Begin() with { Arguments = more };
    }

    /// <summary>The call, without arguments.</summary>
    public CallFragment Begin() => new(_id, Name!, "");

    /// <summary>The whole call.</summary>
    public FunctionCallContent Whole()
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(Arguments.ToString(), Nested);
            return new FunctionCallContent(_id, Name!, JsonArguments.Of(json.RootElement));
        }
        catch (JsonException fault)
        {
            return new FunctionCallContent(_id, Name!) { Exception = fault };
        }
    }

    /// <summary>Whether a text begins with what must come next; null where more has to come.</summary>
    protected static bool? Begins(ReadOnlySpan<char> text, string expected) =>
        text.StartsWith(expected) ? true : expected.AsSpan().StartsWith(text) ? null : false;

    /// <summary>How much of a text has whole characters only: the first half of one waits for the other.</summary>
    protected static int WholeCharacters(ReadOnlySpan<char> text) =>
        text.Length > 0 && char.IsHighSurrogate(text[^1]) ? text.Length - 1 : text.Length;
}
