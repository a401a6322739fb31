namespace QwenSharp.Faults;

/// <summary>An exception about an option, for who words it.</summary>
public interface IOptionFault
{
    /// <summary>What is wrong.</summary>
    OptionFault Fault { get; }
}
