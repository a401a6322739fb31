using QwenSharp.Faults;

namespace QwenSharp.Chat;

/// <summary>
/// A chat template that cannot be parsed or rendered: a syntax error, an operation that the values do not allow, a limit
/// that it ran into, or the template's own <c>raise_exception</c>. The message is the one Jinja2 gives where it gives one.
/// </summary>
public sealed class TemplateException : Exception, IOptionFault
{
    /// <summary>Makes an exception without a line.</summary>
    public TemplateException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception at a line of the template, counted from 1.</summary>
    public TemplateException(string message, int line)
        : base(message) => Line = line;

    /// <summary>Makes an exception with a cause.</summary>
    public TemplateException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The line of the template, counted from 1; null where none is known.</summary>
    public int? Line { get; internal set; }

    /// <summary>That the model's template refuses the conversation, which is what it means once the template was parsed.</summary>
    public OptionFault Fault => new(
        FaultKind.Refused,
        nameof(ChatTemplateConversation.Messages),
        $"The model's chat template refuses the conversation: {Message}");
}
