using System.Buffers;

namespace QwenSharp.Hub;

/// <summary>Which names from a person or a hub may become part of a path on this machine.</summary>
internal static class RepoNames
{
    private static readonly SearchValues<char> RepoCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    // What Windows refuses in a file name; refused everywhere, so that a cache can be moved.
    private static readonly SearchValues<char> Unsafe = SearchValues.Create("\\:*?\"<>|\u007f");

    /// <summary>
    /// Whether this is ORG/NAME: two parts of letters, digits, '-', '_' and '.', without the "--" that separates them in the cache.
    /// </summary>
    public static bool IsRepo(string text) => text.Split('/') is [var org, var name] && IsPart(org) && IsPart(name);

    /// <summary>Whether this names a file below a folder, and cannot leave it.</summary>
    public static bool IsPath(string text) => text.Length is > 0 and <= 1024 && text.Split('/').All(IsSegment);

    /// <summary>Whether this is a full commit: 40 hexadecimal digits.</summary>
    public static bool IsCommit(string text) => text.Length == 40 && text.All(char.IsAsciiHexDigit);

    /// <summary>A path as part of an address.</summary>
    public static string Escape(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    private static bool IsPart(string text) => text.Length is > 0 and <= 96
        && !text.AsSpan().ContainsAnyExcept(RepoCharacters)
        && !text.Contains("..", StringComparison.Ordinal) && !text.Contains("--", StringComparison.Ordinal)
        && text[0] is not ('.' or '-') && text[^1] is not ('.' or '-');

    private static bool IsSegment(string text) => text is not ("" or "." or "..")
        && text[^1] is not ('.' or ' ')
        && !text.AsSpan().ContainsAny(Unsafe)
        && !text.AsSpan().ContainsAnyInRange('\0', '\u001f');
}
