namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>What of a call a form cannot carry, each named once.</summary>
internal sealed class Losses
{
    private readonly List<string> _names = [];

    public IReadOnlyList<string> Names => _names;

    public void Add(string name)
    {
        if (!_names.Contains(name))
            _names.Add(name);
    }

    /// <summary>Adds a name where something was asked.</summary>
    public void AddIf(bool asked, string name)
    {
        if (asked)
            Add(name);
    }
}
