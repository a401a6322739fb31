using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace QwenSharp.Agent.Tools.Files;

/// <summary>The text of a PDF, taken out by <c>pdftotext</c> where it is installed.</summary>
internal static class PdfText
{
    /// <summary>The text of some pages.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pages">As in 3 or 1-5; null for all.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ToolException">The pages are none, or the program is not there or fails.</exception>
    public static async Task<string> ReadAsync(string path, string? pages, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new("pdftotext") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])["-layout", .. Range(pages), path, "-"])
            start.ArgumentList.Add(argument);

        try
        {
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
            string text = await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            return process.ExitCode == 0
                ? text
                : throw new ToolException($"pdftotext cannot read it: {(await error.ConfigureAwait(false)).Trim()}");
        }
        catch (Win32Exception)
        {
            throw new ToolException(
                "It is a PDF, which you cannot see, and pdftotext (of poppler-utils) is not installed to take its text out.");
        }
    }

    private static string[] Range(string? pages)
    {
        if (pages is null)
            return [];

        string[] ends = pages.Split('-');
        return ends.Length <= 2 && ends.All(IsPage)
            ? ["-f", ends[0], "-l", ends[^1]]
            : throw new ToolException($"\"pages\" must be a page or a range such as 1-5, not \"{pages}\".");
    }

    private static bool IsPage(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int page) && page > 0;
}
