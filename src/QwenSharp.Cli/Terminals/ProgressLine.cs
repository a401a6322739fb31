namespace QwenSharp.Cli.Terminals;

/// <summary>
/// One line on standard error that says how far long work is, rewritten in place; nothing where there is no terminal to rewrite it on.
/// </summary>
internal sealed class ProgressLine(Terminal terminal) : IDisposable
{
    /// <summary>Shows a text in place of the one before.</summary>
    public void Show(string text)
    {
        if (!terminal.ErrorMovesCursor)
            return;

        terminal.Error.Write($"\r{Cells.Cut(text, terminal.Width - 1)}\e[K");
        terminal.Error.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    /// <summary>Takes the line away.</summary>
    public void Clear()
    {
        if (!terminal.ErrorMovesCursor)
            return;

        terminal.Error.Write("\r\e[K");
        terminal.Error.Flush();
    }
}
