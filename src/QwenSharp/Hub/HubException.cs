namespace QwenSharp.Hub;

/// <summary>A model could not be found, listed, transferred or stored; the message says what is wrong and what to do.</summary>
public sealed class HubException : IOException
{
    /// <summary>A fault in one or two sentences.</summary>
    public HubException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    /// <summary>A fault with something to do about it that each program words for itself.</summary>
    public HubException(string message, HubRemedy remedy)
        : base(message) => Remedy = remedy;

    /// <summary>What would help, where that is for the program to say; else none.</summary>
    public HubRemedy Remedy { get; }
}

/// <summary>What would help after a <see cref="HubException"/>.</summary>
public enum HubRemedy
{
    /// <summary>What the message says.</summary>
    None,

    /// <summary>To look at the models that are on this machine (<see cref="ModelCache"/>).</summary>
    ListModels,

    /// <summary>To look at the short names of models (<see cref="ModelNames"/>).</summary>
    ListNames,
}
