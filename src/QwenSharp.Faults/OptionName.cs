namespace QwenSharp.Faults;

/// <summary>The name of an option inside a fault's sentence: who words the fault puts their own name for it there.</summary>
/// <param name="Value">The name in the room that found the fault.</param>
public readonly record struct OptionName(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}
