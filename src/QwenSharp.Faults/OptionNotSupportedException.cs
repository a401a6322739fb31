namespace QwenSharp.Faults;

/// <summary>An option, or the value that it has, is not honoured; <see cref="OptionFault.Option"/> names it.</summary>
public sealed class OptionNotSupportedException : NotSupportedException, IOptionFault
{
    /// <summary>An exception for a fault.</summary>
    public OptionNotSupportedException(OptionFault fault)
        : base(fault?.ToString())
    {
        ArgumentNullException.ThrowIfNull(fault);
        Fault = fault;
    }

    /// <summary>An exception for an option that is not honoured.</summary>
    /// <param name="option">The option.</param>
    /// <param name="reason">The end of a sentence that begins with its name.</param>
    public OptionNotSupportedException(string option, string reason)
        : this(OptionFault.Of(FaultKind.NotSupported, option, reason))
    {
    }

    /// <inheritdoc/>
    public OptionFault Fault { get; }
}
