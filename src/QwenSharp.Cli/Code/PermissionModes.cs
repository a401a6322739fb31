using QwenSharp.Agent.Permissions;

namespace QwenSharp.Cli.Code;

/// <summary>How the modes of permission are called: on our command line, and where other agents' words are read or written.</summary>
internal static class PermissionModes
{
    private static readonly Dictionary<string, PermissionMode> Words = new()
    {
        ["plan"] = PermissionMode.Plan,
        ["ask"] = PermissionMode.Ask,
        ["accept-edits"] = PermissionMode.AcceptEdits,
        ["auto"] = PermissionMode.Auto,

        // Claude Code's and Qwen Code's words for the same.
        ["default"] = PermissionMode.Ask,
        ["acceptEdits"] = PermissionMode.AcceptEdits,
        ["auto-edit"] = PermissionMode.AcceptEdits,
    };

    // Words of others for doing whatever the model says.
    private static readonly string[] Unchecked = ["bypassPermissions", "dangerously-skip-permissions", "yolo"];

    /// <summary>The words of the help.</summary>
    public const string Choices = "plan|ask|accept-edits|auto";

    /// <summary>The mode of a word; null, with what is wrong, where it means none.</summary>
    public static PermissionMode? Parse(string word, out string problem)
    {
        problem = Unchecked.Contains(word)
            ? $"'{word}' is not a mode here: there is none without checks. 'auto' edits and runs commands inside the project without "
                + "asking, and rules allow more."
            : $"must be plan, ask, accept-edits or auto, not '{word}'.{Spelling.Hint(word, Words.Keys)}";
        return Words.TryGetValue(word, out PermissionMode mode) ? mode : null;
    }

    /// <summary>Our word for a mode.</summary>
    public static string Word(PermissionMode mode) => Words.First(word => word.Value == mode).Key;

    /// <summary>The word that Claude Code's events have for a mode.</summary>
    public static string InEvents(PermissionMode mode) => mode switch
    {
        PermissionMode.Plan => "plan",
        PermissionMode.Ask => "default",
        PermissionMode.AcceptEdits => "acceptEdits",
        _ => "auto",
    };
}
