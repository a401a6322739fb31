using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace QwenSharp.Agent.Sessions;

/// <summary>The sessions of a user, by project.</summary>
/// <param name="folder">The user's folder for them.</param>
/// <param name="time">The clock.</param>
public sealed class SessionStore(string folder, TimeProvider time)
{
    /// <summary>A new session.</summary>
    /// <param name="project">The project's directory.</param>
    public Session Begin(string project) => Session.Begin(Path.Combine(DirectoryOf(project), NewId()), time);

    /// <summary>Goes on with the session that was written last.</summary>
    /// <param name="project">The project's directory.</param>
    /// <exception cref="IOException">The project has none, or another program goes on with it.</exception>
    public Session ResumeLatest(string project) => Ids(project) is [var latest, ..]
        ? Session.Resume(Path.Combine(DirectoryOf(project), latest), time)
        : throw new IOException($"There is no earlier session of {project}.");

    /// <summary>Goes on with a session.</summary>
    /// <param name="project">The project's directory.</param>
    /// <param name="id">Its name, or the beginning of it if no other begins so.</param>
    /// <exception cref="IOException">The project has none of that name, or several, or another program goes on with it.</exception>
    public Session Resume(string project, string id)
    {
        string[] meant = [.. Ids(project).Where(other => other.StartsWith(id, StringComparison.Ordinal))];
        return meant switch
        {
            [var one] => Session.Resume(Path.Combine(DirectoryOf(project), one), time),
            [] => throw new IOException($"There is no session '{id}' of {project}."),
            _ => throw new IOException($"'{id}' is the beginning of {meant.Length} sessions of {project}; give more of the name."),
        };
    }

    /// <summary>The names of a project's sessions, the one that was written last first.</summary>
    /// <param name="project">The project's directory.</param>
    public IReadOnlyList<string> Ids(string project)
    {
        DirectoryInfo directory = new(DirectoryOf(project));
        return directory.Exists
            ?
            [
                .. directory.EnumerateDirectories()
                    .Where(session => Session.IsAt(session.FullName))
                    .OrderByDescending(session => session.EnumerateFiles("*.jsonl").Max(file => file.LastWriteTimeUtc))
                    .Select(session => session.Name),
            ]
            : [];
    }

    // Names that sort by time are found by people.
    private string NewId() => string.Create(
        CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyyMMdd-HHmmss}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}");

    // The end of the path for people, and a hash of all of it, as two projects may end alike.
    private string DirectoryOf(string project)
    {
        string last = Path.GetFileName(Path.TrimEndingDirectorySeparator(project));
        string name = string.Concat(last.Select(c => char.IsLetterOrDigit(c) ? c : '-'));
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(project)))[..12];
        return Path.Combine(folder, $"{name}-{hash}");
    }
}
