namespace QwenSharp.Server.State;

/// <summary>How early the requests of a key are served: while all wait, high has four turns for two of normal and one of low.</summary>
public enum KeyPriority
{
    /// <summary>Before others.</summary>
    High = -1,

    /// <summary>As whoever needs no key.</summary>
    Normal = 0,

    /// <summary>Behind others, as batches are.</summary>
    Low = 1,
}
