using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Code;

/// <summary>The one prompt of a run without a person: given, piped, or both.</summary>
internal static class PipedPrompt
{
    // Whoever starts programs often leaves their input open and says nothing on it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The prompt; what was piped comes before what was given.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public static async Task<string> ReadAsync(Terminal terminal, string? given, CancellationToken stop)
    {
        string piped = terminal.InputIsTerminal ? ""
            : given is null ? await terminal.ReadAllAsync(stop).ConfigureAwait(false)
            : await BesideAsync(terminal, stop).ConfigureAwait(false);
        string prompt = given is null ? piped : piped.Length == 0 ? given : $"{piped.TrimEnd('\r', '\n')}\n\n{given}";
        return string.IsNullOrWhiteSpace(prompt)
            ? throw new UsageException("There is no prompt: give -p PROMPT, or pipe text in.")
            : prompt;
    }

    private static async Task<string> BesideAsync(Terminal terminal, CancellationToken stop)
    {
        byte[] first = new byte[1];
        int read;
        try
        {
            read = await terminal.Input.ReadAsync(first, stop).AsTask().WaitAsync(Patience, stop).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            terminal.Error.WriteLine(terminal.Dim("(standard input is open and silent; it is not read)"));
            return "";
        }

        if (read == 0)
            return "";

        using MemoryStream bytes = new();
        bytes.Write(first);
        await terminal.Input.CopyToAsync(bytes, stop).WaitAsync(stop).ConfigureAwait(false);
        return Utf8Text.Decode(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), "Standard input");
    }
}
