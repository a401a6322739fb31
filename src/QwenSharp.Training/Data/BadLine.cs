namespace QwenSharp.Training;

/// <summary>What to do with a line of training data that cannot be used.</summary>
public enum BadLinePolicy
{
    /// <summary>End with a <see cref="TrainingDataException"/> that names file, line and fault.</summary>
    Stop,

    /// <summary>Go on without it, and report it.</summary>
    Skip,
}

/// <summary>A line that was left out.</summary>
/// <param name="File">Its file, as it was named.</param>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Reason">What is wrong with it.</param>
public sealed record BadLine(string File, long Line, string Reason)
{
    /// <summary>File, line and reason as compilers write them.</summary>
    public override string ToString() => $"{File}:{Line}: {Reason}";
}
