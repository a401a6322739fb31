namespace QwenSharp.Hub;

/// <summary>A model could not be found, listed, transferred or stored; the message says what is wrong and what to do.</summary>
public sealed class HubException : IOException
{
    /// <summary>A fault in one or two sentences.</summary>
    public HubException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
