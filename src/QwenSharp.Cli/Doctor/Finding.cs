namespace QwenSharp.Cli.Doctor;

/// <summary>How a check went.</summary>
internal enum Verdict
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>It works, and could be better.</summary>
    Weak,

    /// <summary>Clients will fail on it.</summary>
    Wrong,

    /// <summary>It could not be looked at, or does not apply.</summary>
    Skipped,
}

/// <summary>What a check found.</summary>
/// <param name="Verdict">How it went.</param>
/// <param name="Says">What was seen and, where something is wrong, what to do.</param>
internal sealed record Finding(Verdict Verdict, string Says)
{
    public static Finding Ok(string says) => new(Verdict.Ok, says);

    public static Finding Weak(string says) => new(Verdict.Weak, says);

    public static Finding Wrong(string says) => new(Verdict.Wrong, says);

    public static Finding Skipped(string says) => new(Verdict.Skipped, says);
}

/// <summary>A check that was made.</summary>
/// <param name="Name">What was looked at.</param>
/// <param name="Finding">What was found.</param>
/// <param name="Took">How long it took.</param>
internal sealed record Checked(string Name, Finding Finding, TimeSpan Took);
