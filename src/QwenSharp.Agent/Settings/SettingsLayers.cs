namespace QwenSharp.Agent.Settings;

/// <summary>
/// The files of settings, from the farthest to the nearest: the user's, the project's, which is shared with others, and the project's
/// local one, which is not. What a project sets beyond restrictions holds only where its user trusts it: a repository comes from
/// strangers, and its settings would run commands.
/// </summary>
/// <param name="home">The user's home directory.</param>
/// <param name="project">The project's directory.</param>
public sealed class SettingsLayers(string home, string project)
{
    private const string Folder = ".qwensharp";

    /// <summary>The user's file.</summary>
    public string UserPath { get; } = Path.Combine(home, Folder, "settings.json");

    /// <summary>The project's file.</summary>
    public string ProjectPath { get; } = Path.Combine(project, Folder, "settings.json");

    /// <summary>The project's file that is this user's alone.</summary>
    public string LocalPath { get; } = Path.Combine(project, Folder, "settings.local.json");

    /// <summary>Reads them.</summary>
    /// <param name="isTrusted">Whether the project is trusted.</param>
    /// <returns>The settings, and whether some of the project's were left out as it is not trusted.</returns>
    /// <exception cref="InvalidDataException">A file is not one of settings; the message says which, where and why.</exception>
    public (AgentSettings Settings, bool LeftOut) Read(bool isTrusted)
    {
        AgentSettings users = SettingsFile.Read(UserPath);

        // A project in the home directory itself has the user's own file.
        if (ProjectPath == UserPath)
            return (users, false);

        AgentSettings projects = SettingsFile.Read(ProjectPath).With(SettingsFile.Read(LocalPath));
        return isTrusted ? (users.With(projects), false) : (users.With(projects.Restrictions), projects.Loosens);
    }
}
