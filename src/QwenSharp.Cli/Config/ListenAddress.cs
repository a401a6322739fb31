using System.Globalization;

namespace QwenSharp.Cli.Config;

/// <summary>The value of <c>listen</c>: an address and a port in one.</summary>
/// <param name="Host">The address; <c>*</c> for all.</param>
/// <param name="Port">The port.</param>
internal sealed record ListenAddress(string Host, string Port)
{
    /// <summary>The key.</summary>
    public const string Key = "listen";

    /// <summary>The address that a text such as <c>127.0.0.1:8080</c> or <c>[::1]:8080</c> is; null where it is none.</summary>
    public static ListenAddress? Parse(string? text)
    {
        if (text?.LastIndexOf(':') is not (> 0 and int colon)
            || !ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            return null;
        }

        string host = text[..colon];
        return new ListenAddress(host is ['[', .., ']'] ? host[1..^1] : host, text[(colon + 1)..]);
    }
}
