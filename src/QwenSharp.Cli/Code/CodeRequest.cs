using QwenSharp.Agent.Permissions;

namespace QwenSharp.Cli.Code;

/// <summary>What the command line asks of an agent.</summary>
internal sealed record CodeRequest
{
    /// <summary>Whether nobody sits at the terminal.</summary>
    public bool IsHeadless { get; init; }

    /// <summary>What to do; null where that comes from elsewhere.</summary>
    public string? Prompt { get; init; }

    /// <summary>The model's name; null for none given.</summary>
    public string? Model { get; init; }

    /// <summary>The endpoint; null for this machine.</summary>
    public Uri? BaseUrl { get; init; }

    /// <summary>The key to show there; null for none.</summary>
    public string? Key { get; init; }

    /// <summary>What runs without asking; null for what the settings say.</summary>
    public PermissionMode? Mode { get; init; }

    /// <summary>Rules for calls that run without asking.</summary>
    public IReadOnlyList<string> Allowed { get; init; } = [];

    /// <summary>Rules for calls that never run.</summary>
    public IReadOnlyList<string> Disallowed { get; init; } = [];

    /// <summary>Directories beside the project.</summary>
    public IReadOnlyList<string> Directories { get; init; } = [];

    /// <summary>How often the model may answer for one prompt; null for no limit.</summary>
    public int? MaxTurns { get; init; }

    /// <summary>Tokens that each answer may think; null for as many as it likes.</summary>
    public int? ThinkingBudget { get; init; }

    /// <summary>The system message in place of ours; null for ours.</summary>
    public string? SystemPrompt { get; init; }

    /// <summary>Text behind the system message; null for nothing.</summary>
    public string? AppendedSystemPrompt { get; init; }

    /// <summary>text, json or stream-json.</summary>
    public string OutputFormat { get; init; } = "text";

    /// <summary>Whether standard input is prompts as JSON.</summary>
    public bool ReadsJson { get; init; }

    /// <summary>Whether to go on with the last session.</summary>
    public bool Continues { get; init; }

    /// <summary>The session to go on with; null for none.</summary>
    public string? Resumes { get; init; }

    /// <summary>The project's directory, a full path.</summary>
    public required string Directory { get; init; }

    /// <summary>Whether the project is trusted from now on.</summary>
    public bool Trusts { get; init; }

    /// <summary>Whether the calls are told.</summary>
    public bool IsVerbose { get; init; }

    /// <summary>How a model in this process is loaded.</summary>
    public QwenModelOptions Local { get; init; } = new();
}
