namespace QwenSharp.Cli.Terminals;

/// <summary>One line that says how far long work is, rewritten in place; nothing where there is no terminal to rewrite it on.</summary>
internal sealed class ProgressLine(Terminal terminal) : IDisposable
{
    /// <summary>Shows a text in place of the one before.</summary>
    public void Show(string text)
    {
        if (!terminal.MovesCursor)
            return;

        terminal.Out.Write($"\r{text[..Math.Min(text.Length, terminal.Width - 1)]}\e[K");
        terminal.Out.Flush();
    }

    /// <summary>Takes the line away.</summary>
    public void Dispose()
    {
        if (terminal.MovesCursor)
            terminal.Out.Write("\r\e[K");
    }
}
