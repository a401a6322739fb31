namespace QwenSharp.Cli.Code;

/// <summary>Where an agent finds and keeps what is the user's.</summary>
/// <param name="Home">The user's home directory: settings and memory files.</param>
/// <param name="Data">The user's folder for data: sessions, and which projects are trusted.</param>
internal sealed record UsersPlaces(string Home, string Data)
{
    /// <summary>Those of the user who runs the program. Set, <c>QWENSHARP_AGENT_DATA</c> is the folder for data.</summary>
    public static UsersPlaces Own()
    {
        string data = Environment.GetEnvironmentVariable("QWENSHARP_AGENT_DATA") is { Length: > 0 } set
            ? set
            : Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
                "qwensharp",
                "agent");
        data = Path.GetFullPath(data);

        // Who has no home has no settings in the current directory instead, which is the project's.
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
        return new UsersPlaces(home.Length > 0 ? Path.GetFullPath(home) : data, data);
    }

    /// <summary>The sessions, by project.</summary>
    public string Sessions => Path.Combine(Data, "projects");

    /// <summary>The file of trusted projects.</summary>
    public string Trusted => Path.Combine(Data, "trusted");
}
