namespace QwenSharp.Cli;

/// <summary>What the program tells its caller.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>The work failed: a file, a template, a model, a port.</summary>
    public const int Failure = 1;

    /// <summary>The command line itself is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Ctrl-C; 128 + SIGINT, as shells report it.</summary>
    public const int Interrupted = 130;

    /// <summary>Asked to end by the system; 128 + SIGTERM. A server that was asked has done its work: 0.</summary>
    public const int Terminated = 143;
}
