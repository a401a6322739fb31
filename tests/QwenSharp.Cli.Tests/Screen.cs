using System.Globalization;
using System.Text;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Tests;

/// <summary>
/// A terminal's screen, as far as the line editor uses one: wraps late, moves its cursor, and breaks rows anew when resized.
/// </summary>
internal sealed class Screen(int width, int height = 50)
{
    // Cells; the second one of a wide character is empty. A row that was wrapped goes on in the next.
    private readonly List<(List<string> Cells, bool Wrapped)> _rows = [([], false)];
    private bool _full;

    public int Width { get; private set; } = width;

    public int Height { get; } = height;

    public int Row { get; private set; }

    public int Column { get; private set; }

    /// <summary>Whether pastes are marked.</summary>
    public bool MarksPastes { get; private set; }

    /// <summary>What is seen, without spaces at the ends of rows.</summary>
    public string Text => string.Join('\n', _rows.Select(row => string.Concat(row.Cells).TrimEnd())).TrimEnd('\n');

    public void Write(string text)
    {
        for (int i = 0; i < text.Length;)
        {
            int next = Cells.Next(text, i);
            switch (text[i])
            {
                case '\r':
                    (Column, _full) = (0, false);
                    next = i + 1;
                    break;
                case '\n':
                    (Row, _full) = (Row + 1, false);
                    Grow();
                    break;
                case '\e':
                    next = Sequence(text, i + 2);
                    break;
                default:
                    Put(text[i..next]);
                    break;
            }

            i = next;
        }
    }

    /// <summary>Rows that were wrapped are joined and broken anew; others are broken where they are too long.</summary>
    public void Resize(int width)
    {
        int place = 0, row = 0;
        List<List<string>> lines = [];
        foreach ((List<string> cells, bool wrapped) in _rows)
        {
            if (row == 0 || !_rows[row - 1].Wrapped)
                lines.Add([]);
            if (row++ == Row)
                place = (lines.Count - 1) * 100_000 + lines[^1].Count + Column;

            lines[^1].AddRange(cells);
        }

        Width = width;
        _rows.Clear();
        for (int line = 0; line < lines.Count; line++)
        {
            List<string> cells = lines[line];
            int start = 0;
            do
            {
                int end = Math.Min(cells.Count, start + width);
                if (place / 100_000 == line && place % 100_000 >= start && (place % 100_000 < start + width || end == cells.Count))
                    (Row, Column) = (_rows.Count + (place % 100_000 - start) / width, (place % 100_000 - start) % width);

                _rows.Add((cells[start..end], end < cells.Count));
                start = end;
            } while (start < cells.Count);
        }

        Grow();
    }

    private void Put(string character)
    {
        int cells = Cells.OfCharacter(character);
        if (_full || Column + cells > Width)
        {
            _rows[Row] = (_rows[Row].Cells, true);
            (Row, Column, _full) = (Row + 1, 0, false);
            Grow();
        }

        List<string> row = _rows[Row].Cells;
        while (row.Count < Column + cells)
            row.Add(" ");

        row[Column] = character;
        for (int i = 1; i < cells; i++)
            row[Column + i] = "";

        Column += cells;
        if (Column == Width)
            (Column, _full) = (Width - 1, true);
    }

    private int Sequence(string text, int start)
    {
        int end = start;
        while (!char.IsAsciiLetter(text[end]))
            end++;

        string argument = text[start..end];
        int count = int.TryParse(argument, CultureInfo.InvariantCulture, out int given) ? given : 1;
        switch (text[end])
        {
            case 'A':
                Row = Math.Max(0, Row - count);
                break;
            case 'C':
                Column = Math.Min(Width - 1, Column + count);
                break;
            case 'H':
                (Row, Column) = (0, 0);
                break;
            case 'J' when argument == "2":
                _rows.Clear();
                Grow();
                break;
            case 'J':
                _rows.RemoveRange(Row + 1, _rows.Count - Row - 1);
                List<string> row = _rows[Row].Cells;
                row.RemoveRange(Math.Min(Column, row.Count), row.Count - Math.Min(Column, row.Count));
                _rows[Row] = (row, false);
                break;
            case 'h' or 'l' when argument == "?2004":
                MarksPastes = text[end] == 'h';
                break;
            default:
                throw new InvalidDataException($"No terminal is asked for this: ESC{text[(start - 1)..(end + 1)]}");
        }

        _full = false;
        return end + 1;
    }

    private void Grow()
    {
        while (_rows.Count <= Row)
            _rows.Add(([], false));
    }
}
