namespace QwenSharp.Cli.Terminals;

/// <summary>
/// A text laid out in rows of a window: words stay whole where they fit, a row ends where the text's lines do, and all stands behind a
/// margin as wide as the prompt. The last cell of a row stays free, as terminals differ in what they do once it is filled.
/// </summary>
internal sealed class TextLayout
{
    private const int TabCells = 4;

    private readonly string _text;
    private readonly int _margin;
    private readonly List<(int Start, int End)> _rows = [];

    /// <summary>Lays a text out.</summary>
    /// <param name="text">The text; its lines end with a line feed.</param>
    /// <param name="margin">Cells before each row.</param>
    /// <param name="width">Cells of a row, the margin among them.</param>
    public TextLayout(string text, int margin, int width)
    {
        (_text, _margin) = (text, margin);
        int room = Math.Max(2, width - margin - 1);
        for (int start = 0; start <= text.Length;)
        {
            int end = text.IndexOf('\n', start) is >= 0 and var found ? found : text.Length;
            AddLine(start, end, room);
            start = end + 1;
        }
    }

    /// <summary>How many rows there are; at least one.</summary>
    public int Count => _rows.Count;

    /// <summary>The characters of a row, as the terminal gets them.</summary>
    public string Row(int row)
    {
        (int start, int end) = _rows[row];
        return string.Concat(_text[start..end].Select(c =>
            c == '\t' ? new string(' ', TabCells) : char.IsControl(c) ? "\uFFFD" : c.ToString()));
    }

    /// <summary>The cells of a row, with its margin.</summary>
    public int WidthOf(int row) => _margin + CellsOf(_rows[row].Start, _rows[row].End);

    /// <summary>The row and the column, with the margin, of an index of the text.</summary>
    public (int Row, int Column) PlaceOf(int index)
    {
        int row = _rows.FindLastIndex(row => row.Start <= index);
        return (row, _margin + CellsOf(_rows[row].Start, index));
    }

    /// <summary>The index of the text in a row, as near to a column as there is one.</summary>
    public int IndexAt(int row, int column)
    {
        (int start, int end) = _rows[row];
        int at = start, cells = _margin;
        // The end of a row that goes on is the beginning of the next.
        int last = row + 1 < Count && _rows[row + 1].Start == end ? Cells.Previous(_text, end) : end;
        while (at < last && cells + CellsOf(at, Cells.Next(_text, at)) <= column)
        {
            int next = Cells.Next(_text, at);
            cells += CellsOf(at, next);
            at = next;
        }

        return at;
    }

    private void AddLine(int start, int end, int room)
    {
        int rowStart = start, cells = 0, wordStart = start;
        for (int i = start; i < end;)
        {
            int next = Cells.Next(_text, i), own = CellsOf(i, next);
            bool space = _text[i] is ' ' or '\t';
            // A space may stand in the free last cell: it would look odd at the beginning of a row.
            if (cells + own > room && !(space && cells + own == room + 1))
            {
                int at = wordStart > rowStart && !space ? wordStart : i;
                _rows.Add((rowStart, at));
                rowStart = at;
                cells = CellsOf(at, i);
            }

            cells += own;
            i = next;
            if (space)
                wordStart = i;
        }

        _rows.Add((rowStart, end));
    }

    private int CellsOf(int start, int end)
    {
        int cells = 0;
        for (int i = start; i < end;)
        {
            int next = Cells.Next(_text, i);
            cells += _text[i] == '\t' ? TabCells : char.IsControl(_text[i]) ? 1 : Cells.OfCharacter(_text.AsSpan(i..next));
            i = next;
        }

        return cells;
    }
}
