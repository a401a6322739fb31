using System.Text;
using Spectre.Console.Rendering;

namespace QwenSharp.Cli.Terminals;

/// <summary>
/// Edits one line of input on a terminal that understands ANSI cursor movement: cursor keys, history, the usual control
/// keys, wide characters and lines longer than the window.
/// </summary>
/// <param name="readKey">Waits for the next key without echoing it.</param>
/// <param name="output">The terminal.</param>
/// <param name="width">Characters in a line of the terminal.</param>
internal sealed class LineEditor(Func<ConsoleKeyInfo> readKey, TextWriter output, int width)
{
    private readonly List<string> _history = [];
    private readonly StringBuilder _text = new();
    private int _cursor;
    private int _cursorRow;

    /// <summary>Reads a line.</summary>
    /// <returns>The line; null when the user pressed Ctrl-C or Ctrl-D on an empty one.</returns>
    public string? Read(string prompt)
    {
        int remembered = _history.Count;
        _cursorRow = 0;
        Replace("");
        Draw(prompt);
        while (true)
        {
            ConsoleKeyInfo key = readKey();
            switch (Control(key), key.Key)
            {
                case ('\0', ConsoleKey.Enter):
                    _cursor = _text.Length;
                    Draw(prompt);
                    output.WriteLine();
                    return Remember();
                case ('C' or 'D', _) when _text.Length == 0:
                    output.WriteLine();
                    return null;
                case ('C' or 'U', _):
                    Replace("");
                    break;
                case ('W', _):
                    Delete(WordStart(), _cursor);
                    break;
                case ('\0', ConsoleKey.Backspace):
                    Delete(Step(-1), _cursor);
                    break;
                case ('D', _) or ('\0', ConsoleKey.Delete):
                    Delete(_cursor, Step(+1));
                    break;
                case ('\0', ConsoleKey.LeftArrow):
                    _cursor = Step(-1);
                    break;
                case ('\0', ConsoleKey.RightArrow):
                    _cursor = Step(+1);
                    break;
                case ('A', _) or ('\0', ConsoleKey.Home):
                    _cursor = 0;
                    break;
                case ('E', _) or ('\0', ConsoleKey.End):
                    _cursor = _text.Length;
                    break;
                case ('\0', ConsoleKey.UpArrow) when remembered > 0:
                    Replace(_history[--remembered]);
                    break;
                case ('\0', ConsoleKey.DownArrow) when remembered < _history.Count:
                    Replace(++remembered < _history.Count ? _history[remembered] : "");
                    break;
                case ('\0', _) when !char.IsControl(key.KeyChar):
                    _text.Insert(_cursor++, key.KeyChar);
                    break;
            }

            // The second half of a character outside the basic plane follows at once.
            if (!char.IsHighSurrogate(key.KeyChar))
                Draw(prompt);
        }
    }

    /// <summary>The letter of a Ctrl chord, or NUL for any other key.</summary>
    private static char Control(ConsoleKeyInfo key) =>
        key.Modifiers.HasFlag(ConsoleModifiers.Control) && key.Key is >= ConsoleKey.A and <= ConsoleKey.Z ? (char)key.Key : '\0';

    private string Remember()
    {
        string line = _text.ToString();
        if (line.Length > 0 && (_history.Count == 0 || _history[^1] != line))
            _history.Add(line);

        return line;
    }

    private void Replace(string text)
    {
        _text.Clear().Append(text);
        _cursor = text.Length;
    }

    private void Delete(int start, int end)
    {
        _text.Remove(start, end - start);
        _cursor = start;
    }

    /// <summary>The place one whole character to the left or to the right of the cursor.</summary>
    private int Step(int direction)
    {
        int next = Math.Clamp(_cursor + direction, 0, _text.Length);
        return next > 0 && next < _text.Length && char.IsLowSurrogate(_text[next]) && char.IsHighSurrogate(_text[next - 1])
            ? next + direction
            : next;
    }

    private int WordStart()
    {
        int start = _cursor;
        while (start > 0 && char.IsWhiteSpace(_text[start - 1]))
            start--;

        while (start > 0 && !char.IsWhiteSpace(_text[start - 1]))
            start--;

        return start;
    }

    /// <summary>Draws prompt and text anew, from the row where the prompt stands, and puts the cursor in its place.</summary>
    private void Draw(string prompt)
    {
        StringBuilder frame = new();
        if (_cursorRow > 0)
            frame.Append($"\e[{_cursorRow}A");

        frame.Append("\r\e[J").Append(prompt).Append(_text);
        (int endRow, int endColumn) = Position(prompt + _text);
        (int row, int column) = Position(prompt + _text.ToString(0, _cursor));
        // A terminal stays in the last column after filling it; step to the next row, where Position is already.
        if (endColumn == 0 && endRow > 0)
            frame.Append("\r\n");
        if (endRow > row)
            frame.Append($"\e[{endRow - row}A");

        frame.Append('\r');
        if (column > 0)
            frame.Append($"\e[{column}C");

        _cursorRow = row;
        output.Write(frame);
        output.Flush();
    }

    /// <summary>Where the cursor stands after a text: a wide character that does not fit in a row goes to the next whole.</summary>
    private (int Row, int Column) Position(string text)
    {
        (int row, int column) = (0, 0);
        foreach (Rune rune in text.EnumerateRunes())
        {
            int cells = new Segment(rune.ToString()).CellCount();
            (row, column) = column + cells > width ? (row + 1, cells) : (row, column + cells);
        }

        return column == width ? (row + 1, 0) : (row, column);
    }
}
