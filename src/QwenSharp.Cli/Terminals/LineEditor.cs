using System.Text;

namespace QwenSharp.Cli.Terminals;

/// <summary>How a typed message ended.</summary>
internal enum LineEnd
{
    /// <summary>With Enter.</summary>
    Entered,

    /// <summary>With Ctrl-D on an empty line.</summary>
    EndOfInput,

    /// <summary>With Ctrl-C on an empty line.</summary>
    Interrupted,
}

/// <summary>
/// Edits a message on a terminal that understands ANSI cursor movement, as readline does: cursor keys, words, history and search in it,
/// several lines, wide characters, words wrapped at the width that the window has at the moment. What is pasted is one piece: its line
/// ends send nothing.
/// </summary>
/// <param name="keys">The keys.</param>
/// <param name="output">The terminal.</param>
/// <param name="size">Columns and rows of the window, asked for at each drawing.</param>
/// <param name="history">What was typed before.</param>
internal sealed class LineEditor(KeyInput keys, TextWriter output, Func<(int Width, int Height)> size, InputHistory history)
{
    private const string PasteOn = "\e[?2004h", PasteOff = "\e[?2004l";

    private readonly EditedText _text = new();
    private readonly Frame _frame = new(output, size);
    private string _prompt = "";
    private string _draft = "";
    private int _remembered;

    /// <summary>Reads a message.</summary>
    /// <param name="prompt">What stands before it.</param>
    public (string Text, LineEnd End) Read(string prompt)
    {
        _prompt = prompt;
        _remembered = history.Entries.Count;
        _draft = "";
        _text.Replace("");
        output.Write(PasteOn);
        _frame.Begin();
        try
        {
            Draw();
            LineEnd? end;
            while ((end = Obey(keys.Next())) is null)
            {
                if (!keys.HasHalf)
                    Draw();
            }

            _text.MoveTo(_text.Length);
            Draw();
            output.WriteLine();
            string text = _text.ToString();
            history.Add(text);
            return (text, end.Value);
        }
        finally
        {
            output.Write(PasteOff);
            output.Flush();
        }
    }

    /// <summary>Does what a key asks for; says how the message ended, or null where it goes on.</summary>
    private LineEnd? Obey(Key key)
    {
        switch (key)
        {
            case { Pasted: { } pasted }:
                _text.Insert(pasted);
                break;
            // A line feed, which .NET takes for Ctrl-Enter, is what programs send, and a terminal for what was typed before the first read.
            case { Is: ConsoleKey.Enter, Alt: false }:
                return LineEnd.Entered;
            case { Is: ConsoleKey.Enter }:
                _text.Insert("\n");
                break;
            case { Chord: 'C' } when _text.Length == 0:
                return LineEnd.Interrupted;
            case { Chord: 'D' } when _text.Length == 0:
                return LineEnd.EndOfInput;
            case { Chord: 'C' }:
                _text.Replace("");
                break;
            case { Chord: 'R' }:
                return Search();
            case { Chord: 'L' }:
                output.Write("\e[H\e[2J");
                _frame.Begin();
                break;
            case { Is: ConsoleKey.UpArrow } or { Chord: 'P' }:
                Up();
                break;
            case { Is: ConsoleKey.DownArrow } or { Chord: 'N' }:
                Down();
                break;
            default:
                if (!Delete(key) && !Move(key) && key.Character is { } typed)
                    _text.Insert(typed);

                break;
        }

        return null;
    }

    private bool Delete(Key key)
    {
        switch (key)
        {
            case { Chord: 'U' }:
                _text.Delete(_text.LineStart, cut: true);
                return true;
            case { Chord: 'K' }:
                // At the end of a line, the line end itself.
                _text.Delete(_text.Cursor == _text.LineEnd ? _text.Right : _text.LineEnd, cut: true);
                return true;
            case { Chord: 'W' }:
                _text.Delete(_text.WordStart(EditedText.IsNoSpace), cut: true);
                return true;
            case { Is: ConsoleKey.Backspace, Alt: true } or { Is: ConsoleKey.Backspace, Control: true }:
                _text.Delete(_text.WordStart(EditedText.IsOfWord), cut: true);
                return true;
            case { Is: ConsoleKey.D, Alt: true, Control: false } or { Is: ConsoleKey.Delete, Control: true }:
                _text.Delete(_text.WordEnd(EditedText.IsOfWord), cut: true);
                return true;
            case { Chord: 'Y' }:
                _text.InsertCut();
                return true;
            case { Is: ConsoleKey.Backspace } or { Chord: 'H' }:
                _text.Delete(_text.Left);
                return true;
            case { Is: ConsoleKey.Delete } or { Chord: 'D' }:
                _text.Delete(_text.Right);
                return true;
            default:
                return false;
        }
    }

    private bool Move(Key key)
    {
        int? place = key switch
        {
            { Is: ConsoleKey.LeftArrow, Alt: true } or { Is: ConsoleKey.LeftArrow, Control: true }
                or { Is: ConsoleKey.B, Alt: true, Control: false } =>
                _text.WordStart(EditedText.IsOfWord),
            { Is: ConsoleKey.RightArrow, Alt: true } or { Is: ConsoleKey.RightArrow, Control: true }
                or { Is: ConsoleKey.F, Alt: true, Control: false } =>
                _text.WordEnd(EditedText.IsOfWord),
            { Is: ConsoleKey.Home, Control: true } => 0,
            { Is: ConsoleKey.End, Control: true } => _text.Length,
            { Is: ConsoleKey.LeftArrow } or { Chord: 'B' } => _text.Left,
            { Is: ConsoleKey.RightArrow } or { Chord: 'F' } => _text.Right,
            { Is: ConsoleKey.Home } or { Chord: 'A' } => _text.LineStart,
            { Is: ConsoleKey.End } or { Chord: 'E' } => _text.LineEnd,
            _ => null,
        };
        if (place is { } index)
            _text.MoveTo(index);

        return place is not null;
    }

    /// <summary>A row up; from the first one into what was typed before.</summary>
    private void Up()
    {
        TextLayout layout = Layout();
        (int row, int column) = layout.PlaceOf(_text.Cursor);
        if (row > 0)
            _text.MoveTo(layout.IndexAt(row - 1, column));
        else if (_remembered > 0)
            Recall(_remembered - 1);
    }

    /// <summary>A row down; from the last one back to what was being typed.</summary>
    private void Down()
    {
        TextLayout layout = Layout();
        (int row, int column) = layout.PlaceOf(_text.Cursor);
        if (row + 1 < layout.Count)
            _text.MoveTo(layout.IndexAt(row + 1, column));
        else if (_remembered < history.Entries.Count)
            Recall(_remembered + 1);
    }

    private void Recall(int entry)
    {
        if (_remembered == history.Entries.Count)
            _draft = _text.ToString();

        _remembered = entry;
        _text.Replace(entry < history.Entries.Count ? history.Entries[entry] : _draft);
    }

    /// <summary>
    /// Ctrl-R: the newest entry that has what is typed; again, the one before it. Enter sends it, any other key edits it.
    /// </summary>
    private LineEnd? Search()
    {
        string before = _text.ToString();
        StringBuilder sought = new();
        int at = history.Entries.Count;
        while (true)
        {
            _frame.Draw($"(search: {sought}) ", _text.ToString(), _text.Cursor);
            Key key = keys.Next();
            if (key is { Chord: 'C' or 'G' } or { Is: ConsoleKey.Escape })
            {
                _text.Replace(before);
                return null;
            }

            bool again = key is { Chord: 'R' };
            if (key is { Is: ConsoleKey.Backspace } && sought.Length > 0)
            {
                sought.Length = Cells.Previous(sought.ToString(), sought.Length);
                at = history.Entries.Count;
            }
            else if (key.Character is { } typed)
            {
                sought.Append(typed);
            }
            else if (!again)
            {
                return Obey(key);
            }

            string wanted = sought.ToString();
            int found = wanted.Length == 0 ? -1 : LastWith(wanted, again ? at - 1 : at);
            if (found >= 0)
                _text.Replace(history.Entries[_remembered = at = found]);
        }
    }

    private int LastWith(string text, int from)
    {
        for (int i = Math.Min(from, history.Entries.Count - 1); i >= 0; i--)
        {
            if (history.Entries[i].Contains(text, StringComparison.OrdinalIgnoreCase))
                return i;
        }

        return -1;
    }

    private TextLayout Layout() => new(_text.ToString(), Cells.Of(_prompt), size().Width);

    private void Draw() => _frame.Draw(_prompt, _text.ToString(), _text.Cursor);
}
