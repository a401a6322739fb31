namespace QwenSharp.Agent.Tools.Files;

/// <summary>A stretch of a file that a patch changes.</summary>
/// <param name="Headers">Lines, such as those of a class and a function, behind which it is.</param>
/// <param name="Old">The lines that are there, those that stay among them.</param>
/// <param name="New">The lines that are to be there.</param>
/// <param name="IsAtEnd">Whether it is the end of the file.</param>
internal sealed record PatchHunk(IReadOnlyList<string> Headers, IReadOnlyList<string> Old, IReadOnlyList<string> New, bool IsAtEnd);
