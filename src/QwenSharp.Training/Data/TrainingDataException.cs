namespace QwenSharp.Training;

/// <summary>Training data that cannot be used as it is; the message names the file, the line and the fault.</summary>
public sealed class TrainingDataException : FormatException
{
    /// <summary>An exception without a message of its own.</summary>
    public TrainingDataException()
    {
    }

    /// <summary>An exception whose message names what is wrong.</summary>
    public TrainingDataException(string message)
        : base(message)
    {
    }

    /// <summary>An exception whose message names what is wrong, with the error that showed it.</summary>
    public TrainingDataException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
