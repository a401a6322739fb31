using System.Text.Encodings.Web;
using System.Text.Json;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Commands;

/// <summary>How results are written.</summary>
internal static class Output
{
    /// <summary>One line, with characters outside ASCII as they are: the output is UTF-8.</summary>
    public static readonly JsonSerializerOptions JsonText = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The same over several lines.</summary>
    public static readonly JsonSerializerOptions JsonIndented = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    /// <summary>How JSON is read: a field that is there twice is a mistake, of which one half would be ignored.</summary>
    public static readonly JsonDocumentOptions StrictJson = new() { AllowDuplicateProperties = false };

    /// <summary>Says on standard error what was read in a model's files as something else than they say.</summary>
    public static void Tell(Terminal terminal, IEnumerable<string> repairs)
    {
        foreach (string repair in repairs)
            terminal.Error.WriteLine(terminal.Dim(repair));
    }

    /// <summary>A size in bytes for people: 1.5 GiB.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        >= 1L << 30 => $"{bytes / (double)(1L << 30):0.00} GiB",
        >= 1L << 20 => $"{bytes / (double)(1L << 20):0.0} MiB",
        >= 1L << 10 => $"{bytes / (double)(1L << 10):0.0} KiB",
        _ => $"{bytes} B",
    };

    /// <summary>A count for people: 4.02 B, 751.6 M.</summary>
    public static string Count(long count) => count switch
    {
        >= 1_000_000_000 => $"{count / 1e9:0.00} B",
        >= 1_000_000 => $"{count / 1e6:0.0} M",
        >= 1_000 => $"{count / 1e3:0.0} K",
        _ => $"{count}",
    };
}
