namespace QwenSharp.Faults;

/// <summary>What is wrong with an option.</summary>
public enum FaultKind
{
    /// <summary>It must be given and is not.</summary>
    Missing,

    /// <summary>Its value is of the wrong type.</summary>
    WrongType,

    /// <summary>Its value is not one of those that it takes.</summary>
    OutOfRange,

    /// <summary>It contradicts another option, or needs another that is not there.</summary>
    Conflict,

    /// <summary>The prompt is longer than the context.</summary>
    TooLong,

    /// <summary>What it asks for does not fit the memory.</summary>
    NoRoom,

    /// <summary>It, or the value that it has, is not honoured.</summary>
    NotSupported,

    /// <summary>The model's own chat template refuses it.</summary>
    Refused,
}
