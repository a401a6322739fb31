using System.CommandLine;

namespace QwenSharp.Cli.Options;

/// <summary>Where a server keeps what outlives it: models made by clients, keys, files, batches.</summary>
internal sealed class StatePlace
{
    // Everybody on the machine can read the command line of a process, and an address holds a password.
    private const string Variable = "QWENSHARP_STATE";

    private readonly Option<string?> _place = new("--state")
    {
        Description =
            "Where the server keeps what outlives it (keys, files, batches, models that clients make): a folder, by default in the user's "
                + $"own, or the address of a PostgreSQL database, better in the environment as {Variable}.",
        HelpName = "FOLDER|postgres://…",
    };

    public StatePlace() => Values.Check(_place, path => path != "", "may not be empty");

    public void AddTo(Command command) => command.Add(_place);

    /// <summary>The folder, or the address of the database.</summary>
    public string Read(ParseResult parsed) =>
        parsed.GetValue(_place)
        ?? (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } place ? place : UsersFolder);

    /// <summary>The folder, which is the user's own where the state is in a database.</summary>
    public string Folder(ParseResult parsed) =>
        Read(parsed) is var place && place.StartsWith("postgres", StringComparison.OrdinalIgnoreCase)
        && place.Contains("://", StringComparison.Ordinal)
            ? UsersFolder
            : place;

    private static string UsersFolder => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "qwensharp",
        "server");
}
