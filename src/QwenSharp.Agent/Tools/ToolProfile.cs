namespace QwenSharp.Agent.Tools;

/// <summary>Which tools a model is offered; models do best with those that they were trained on.</summary>
public enum ToolProfile
{
    /// <summary>The names and parameters of Qwen Code.</summary>
    QwenCode,

    /// <summary>The same, with files changed by patches in Codex's form.</summary>
    ApplyPatch,

    /// <summary>A shell and nothing else.</summary>
    BashOnly,
}
