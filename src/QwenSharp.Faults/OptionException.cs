namespace QwenSharp.Faults;

/// <summary>An option is missing, wrong, or too much; <see cref="ArgumentException.ParamName"/> names it.</summary>
public sealed class OptionException : ArgumentException, IOptionFault
{
    /// <summary>An exception for a fault.</summary>
    public OptionException(OptionFault fault, Exception? inner = null)
        : base(Checked(fault).ToString(), fault.Option, inner) => Fault = fault;

    /// <inheritdoc/>
    public OptionFault Fault { get; }

    /// <summary>Throws where the value of an option is not one of those that it takes.</summary>
    /// <param name="holds">Whether it is.</param>
    /// <param name="option">The option's name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="bounds">What it takes.</param>
    /// <exception cref="OptionException">It does not hold.</exception>
    public static void Require(bool holds, string option, object? value, Bounds bounds)
    {
        if (!holds)
            throw new OptionException(OptionFault.OutOfRange(option, value, bounds));
    }

    private static OptionFault Checked(OptionFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        return fault;
    }
}
