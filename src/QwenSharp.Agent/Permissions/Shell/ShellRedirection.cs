namespace QwenSharp.Agent.Permissions.Shell;

/// <summary>A redirection of a command.</summary>
/// <param name="Operator">As it is written, without the number of a descriptor.</param>
/// <param name="Target">The file or descriptor; of a here-document, the word that ends it.</param>
internal sealed record ShellRedirection(string Operator, ShellWord Target)
{
    /// <summary>Whether it opens a file for writing.</summary>
    public bool Writes => Operator switch
    {
        ">" or ">>" or ">|" or "&>" or "&>>" or "<>" => true,
        ">&" => !IsDescriptor,
        _ => false,
    };

    /// <summary>Whether it opens a file for reading.</summary>
    public bool Reads => Operator is "<" or "<>" || (Operator == "<&" && !IsDescriptor);

    private bool IsDescriptor => Target.IsKnown && Target.Text.AsSpan().TrimEnd('-').IndexOfAnyExceptInRange('0', '9') < 0;
}
