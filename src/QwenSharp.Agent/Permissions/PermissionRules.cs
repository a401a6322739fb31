namespace QwenSharp.Agent.Permissions;

/// <summary>
/// The rules of settings, in no order: what one denies is denied whatever others allow, and what one asks for is asked for.
/// </summary>
public sealed class PermissionRules
{
    private readonly List<PermissionRule> _allow;

    /// <summary>Rules as settings have them.</summary>
    /// <param name="allow">What may be done without asking.</param>
    /// <param name="ask">What is always asked for.</param>
    /// <param name="deny">What is never done.</param>
    /// <exception cref="FormatException">One is no rule; the message says which and why.</exception>
    public PermissionRules(IEnumerable<string>? allow = null, IEnumerable<string>? ask = null, IEnumerable<string>? deny = null)
    {
        _allow = [.. (allow ?? []).Select(PermissionRule.Parse)];
        Ask = [.. (ask ?? []).Select(PermissionRule.Parse)];
        Deny = [.. (deny ?? []).Select(PermissionRule.Parse)];
    }

    /// <summary>What may be done without asking.</summary>
    public IReadOnlyList<PermissionRule> Allow => _allow;

    /// <summary>What is always asked for.</summary>
    public IReadOnlyList<PermissionRule> Ask { get; }

    /// <summary>What is never done.</summary>
    public IReadOnlyList<PermissionRule> Deny { get; }

    /// <summary>Adds what a person said to allow from now on.</summary>
    public void AddAllowed(PermissionRule rule) => _allow.Add(rule);
}
