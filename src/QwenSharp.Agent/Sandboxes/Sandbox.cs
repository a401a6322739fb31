namespace QwenSharp.Agent.Sandboxes;

/// <summary>
/// What commands run in so that they cannot do harm outside: they write in the project and in temporary directories alone, reach no network
/// unless that is allowed, and do not see the secrets of the home directory.
/// </summary>
public abstract class Sandbox
{
    /// <summary>What it is called.</summary>
    public abstract string Name { get; }

    /// <summary>The program and arguments that run a command inside.</summary>
    /// <param name="command">A program and its arguments.</param>
    /// <param name="directory">Where it starts; a full path.</param>
    public abstract IReadOnlyList<string> Wrap(IReadOnlyList<string> command, string directory);

    /// <summary>Takes away what commands inside have left outside without meaning to.</summary>
    public virtual void CleanUp()
    {
    }

    /// <summary>The sandbox of this machine; null with the reason where there is none that works.</summary>
    /// <param name="settings">What it lets through.</param>
    /// <param name="cancellationToken">Ends the trial.</param>
    public static async Task<(Sandbox? Sandbox, string? Reason)> FindAsync(
        SandboxSettings settings, CancellationToken cancellationToken = default)
    {
        Sandbox? sandbox = OperatingSystem.IsLinux() ? new Bubblewrap(settings) : OperatingSystem.IsMacOS() ? new Seatbelt(settings) : null;
        if (sandbox is null)
            return (null, "There is no sandbox for this system.");

        // A system may have the program and forbid what it does.
        string? fault = await SandboxTrial.RunAsync(sandbox, settings.Workspace.Root, cancellationToken).ConfigureAwait(false);
        return fault is null ? (sandbox, null) : (null, $"{sandbox.Name} does not work here: {fault}");
    }
}
