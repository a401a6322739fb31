namespace QwenSharp.Gateway.Providers;

/// <summary>What becomes of a call that a provider cannot carry all of.</summary>
public enum LossPolicy
{
    /// <summary>It is sent without, and <see cref="Provider.LossesOf"/> says without what.</summary>
    Declare,

    /// <summary>It is not sent: a <see cref="ProviderException"/> names what is lost.</summary>
    Refuse,
}
