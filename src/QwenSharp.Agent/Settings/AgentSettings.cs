namespace QwenSharp.Agent.Settings;

/// <summary>What people set for agents in files: one file's content, or that of several laid over each other.</summary>
public sealed record AgentSettings
{
    /// <summary>Rules for calls that run without asking.</summary>
    public IReadOnlyList<string> Allow { get; init; } = [];

    /// <summary>Rules for calls that are asked for.</summary>
    public IReadOnlyList<string> Ask { get; init; } = [];

    /// <summary>Rules for calls that never run.</summary>
    public IReadOnlyList<string> Deny { get; init; } = [];

    /// <summary>The word of the mode that sessions begin in; null for none set.</summary>
    public string? Mode { get; init; }

    /// <summary>Directories beside the project that tools may work in.</summary>
    public IReadOnlyList<string> Directories { get; init; } = [];

    /// <summary>The model; null for none set.</summary>
    public string? Model { get; init; }

    /// <summary>Variables of the environment of commands.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Commands that are run at moments.</summary>
    public IReadOnlyList<HookSetting> Hooks { get; init; } = [];

    /// <summary>Whether there is anything here that gives an agent more than it has without: only a project that is trusted may.</summary>
    public bool Loosens =>
        Allow.Count > 0 || Mode is not null || Directories.Count > 0 || Model is not null || Environment.Count > 0 || Hooks.Count > 0;

    /// <summary>What of it holds for a project that nobody has trusted: what makes an agent ask more, or forbids.</summary>
    public AgentSettings Restrictions => new() { Ask = Ask, Deny = Deny };

    /// <summary>These settings with nearer ones over them: lists are joined, single values replaced.</summary>
    public AgentSettings With(AgentSettings nearer)
    {
        ArgumentNullException.ThrowIfNull(nearer);
        return new AgentSettings
        {
            Allow = [.. Allow, .. nearer.Allow],
            Ask = [.. Ask, .. nearer.Ask],
            Deny = [.. Deny, .. nearer.Deny],
            Mode = nearer.Mode ?? Mode,
            Directories = [.. Directories, .. nearer.Directories],
            Model = nearer.Model ?? Model,
            Environment = Environment
                .Where(one => !nearer.Environment.ContainsKey(one.Key))
                .Concat(nearer.Environment)
                .ToDictionary(one => one.Key, one => one.Value),
            Hooks = [.. Hooks, .. nearer.Hooks],
        };
    }
}
