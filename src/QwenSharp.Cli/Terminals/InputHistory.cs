using System.Text.Json;

namespace QwenSharp.Cli.Terminals;

/// <summary>
/// What was typed before, in this session and, where there is a file, in those before it: a JSON string a line, the newest last. That it
/// cannot be read or written harms nobody.
/// </summary>
internal sealed class InputHistory
{
    /// <summary>As many entries are kept.</summary>
    public const int Limit = 1000;

    // A pasted book is no line to come back to.
    private const int LongestKept = 16 * 1024;

    private readonly List<string> _entries = [];
    private readonly string? _path;

    /// <summary>A history.</summary>
    /// <param name="path">Its file; null for one that ends with the session.</param>
    public InputHistory(string? path = null)
    {
        _path = path;
        if (path is null)
            return;

        try
        {
            string[] lines = File.Exists(path) ? File.ReadAllLines(path) : [];
            foreach (string line in lines.TakeLast(Limit))
            {
                if (Read(line) is { Length: > 0 } entry)
                    _entries.Add(entry);
            }

            // Now and then the file is written anew, so that it does not grow for ever.
            if (lines.Length > 2 * Limit)
                Rewrite();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>The entries, the oldest first.</summary>
    public IReadOnlyList<string> Entries => _entries;

    /// <summary>
    /// The file of the user who runs the program, in the folder for state (XDG Base Directory Specification, or Windows's own); null where
    /// there is no such folder.
    /// </summary>
    public static string? UsersFile()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string state = OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { } set && Path.IsPathRooted(set) ? set
            : home.Length > 0 ? Path.Combine(home, ".local", "state")
            : "";
        return state.Length == 0 ? null : Path.Combine(state, "qwensharp", "history");
    }

    /// <summary>Remembers a text, unless it is the last one again.</summary>
    public void Add(string entry)
    {
        if (string.IsNullOrWhiteSpace(entry) || (_entries.Count > 0 && _entries[^1] == entry))
            return;

        _entries.Add(entry);
        if (_entries.Count > Limit)
            _entries.RemoveAt(0);

        if (_path is null || entry.Length > LongestKept)
            return;

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            using StreamWriter writer = Open(_path, FileMode.Append);
            writer.Write(Write(entry));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
        }
    }

    private void Rewrite()
    {
        string fresh = $"{_path}.{Environment.ProcessId}";
        using (StreamWriter writer = Open(fresh, FileMode.Create))
            _entries.ForEach(entry => writer.Write(Write(entry)));

        File.Move(fresh, _path!, overwrite: true);
    }

    /// <summary>What somebody asked a model is nobody else's business.</summary>
    private static StreamWriter Open(string path, FileMode mode)
    {
        FileStreamOptions options = new() { Mode = mode, Access = FileAccess.Write, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        return new StreamWriter(path, options);
    }

    private static string Write(string entry) => JsonSerializer.Serialize(entry, HistoryJson.Default.String) + "\n";

    private static string? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, HistoryJson.Default.String);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class HistoryJson : System.Text.Json.Serialization.JsonSerializerContext;
