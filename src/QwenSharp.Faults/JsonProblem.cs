using System.Text.Json;

namespace QwenSharp.Faults;

/// <summary>What is wrong with a JSON text, for people.</summary>
public static class JsonProblem
{
    /// <summary>
    /// The parser's sentence, without the tail in the words of .NET's own properties or its advice to who calls it, and where it is: "…
    /// (line 3, column 12)".
    /// </summary>
    /// <param name="problem">What the parser threw.</param>
    /// <param name="oneLine">Whether the text is one line, so that only the column says where.</param>
    public static string Of(Exception problem, bool oneLine = false)
    {
        ArgumentNullException.ThrowIfNull(problem);
        int tail = new[]
        {
            " Path: ",
            " LineNumber: ",
            " Change the reader options",
            ", when isFinalBlock",
            " encountered during deserialization",
        }
            .Select(mark => problem.Message.IndexOf(mark, StringComparison.Ordinal))
            .Where(at => at >= 0)
            .DefaultIfEmpty(problem.Message.Length)
            .Min();
        string said = problem.Message[..tail].TrimEnd('.', ' ');
        return problem is JsonException { LineNumber: { } line, BytePositionInLine: { } column }
            ? $"{said} ({(oneLine ? "" : $"line {line + 1}, ")}column {column + 1})"
            : said;
    }
}
