using QwenSharp.Agent.Permissions;

namespace QwenSharp.Agent.Sandboxes;

/// <summary>
/// Linux's sandbox of namespaces, by the program <c>bwrap</c>: the file system is read-only but for the project and a directory for
/// temporary
/// files, and processes see neither others nor the sockets of the system.
/// </summary>
/// <param name="settings">What it lets through.</param>
public sealed class Bubblewrap(SandboxSettings settings) : Sandbox
{
    private const string Temporary = "/tmp";

    // By these files of the kernel root changes the whole machine, and needs no capability for it.
    private static readonly string[] Kernel =
        ["/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi", "/proc/pressure"];

    private readonly string _own = Path.Join(settings.Workspace.Root, ProtectedPaths.Own);
    private readonly bool _hadOwn = Path.Exists(Path.Join(settings.Workspace.Root, ProtectedPaths.Own));

    /// <inheritdoc/>
    public override string Name => "bubblewrap";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Wrap(IReadOnlyList<string> command, string directory)
    {
        Directory.CreateDirectory(settings.Temporary);
        return
        [
            "bwrap", "--unshare-all", .. settings.AllowsNetwork ? (string[])["--share-net"] : [], "--die-with-parent", "--new-session",
            "--cap-drop", "ALL", .. Files(), .. settings.Environment(Temporary).SelectMany(one => new[] { "--setenv", one.Key, one.Value }),
            "--chdir", directory, "--", .. command,
        ];
    }

    /// <inheritdoc/>
    public override void CleanUp()
    {
        // What lies over a place that is empty needs a directory there.
        if (!_hadOwn && Directory.Exists(_own) && !Directory.EnumerateFileSystemEntries(_own).Any())
            Directory.Delete(_own);
    }

    // Later ones lie over earlier ones.
    private IEnumerable<string> Files()
    {
        yield return "--ro-bind";
        yield return "/";
        yield return "/";
        foreach (string argument in (string[])["--dev", "/dev", "--proc", "/proc", "--bind", settings.Temporary, Temporary])
            yield return argument;

        foreach (string path in Kernel.Where(Path.Exists))
        {
            foreach (string argument in (string[])["--ro-bind", path, path])
                yield return argument;
        }

        // The sockets of services are here, which do what they are asked outside of the sandbox.
        foreach (string argument in Directory.Exists("/run") ? Sockets() : [])
            yield return argument;

        foreach (string path in settings.Hidden())
        {
            foreach (string argument in Directory.Exists(path) ? (string[])["--tmpfs", path] : ["--ro-bind", "/dev/null", path])
                yield return argument;
        }

        // A directory that something lies over cannot be renamed: none above what is protected can be put aside for another.
        string[] kept = [.. settings.Protected().Where(Path.Exists)];
        foreach (string path in settings.WritableDirectories().Concat(kept.Select(path => Path.GetDirectoryName(path)!)).Distinct())
        {
            foreach (string argument in (string[])["--bind", path, path])
                yield return argument;
        }

        foreach (string path in kept)
        {
            foreach (string argument in (string[])["--ro-bind", path, path])
                yield return argument;
        }

        // The agent's own settings would count from the next session on, so they cannot come into being either.
        foreach (string argument in _hadOwn ? (string[])[] : ["--tmpfs", _own, "--remount-ro", _own])
            yield return argument;
    }

    // The names of machines are found by a file that may be there.
    private IEnumerable<string> Sockets()
    {
        const string resolver = "/run/systemd/resolve";
        return settings.AllowsNetwork && Directory.Exists(resolver)
            ? ["--tmpfs", "/run", "--ro-bind", resolver, resolver]
            : ["--tmpfs", "/run"];
    }
}
