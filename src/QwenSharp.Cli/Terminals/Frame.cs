using System.Text;

namespace QwenSharp.Cli.Terminals;

/// <summary>A prompt and a text on the terminal, drawn again and again in the same place, also after the window was resized.</summary>
/// <param name="output">The terminal.</param>
/// <param name="size">Columns and rows of the window, asked for at each drawing.</param>
internal sealed class Frame(TextWriter output, Func<(int Width, int Height)> size)
{
    // The widths of the rows on the screen, and where among them the cursor stands.
    private int[] _drawn = [];
    private (int Row, int Column) _cursor;

    /// <summary>The next drawing begins where the cursor is, in an empty row.</summary>
    public void Begin() => (_drawn, _cursor) = ([], (0, 0));

    /// <summary>Draws, and puts the cursor in its place.</summary>
    /// <param name="prompt">What stands before the first row; the others stand below the text.</param>
    /// <param name="text">The text.</param>
    /// <param name="cursor">The index in the text where the cursor goes.</param>
    public void Draw(string prompt, string text, int cursor)
    {
        (int width, int height) = size();
        prompt = Cells.Cut(prompt, Math.Max(0, width - 4));
        TextLayout layout = new(text, Cells.Of(prompt), width);
        (int row, int column) = layout.PlaceOf(cursor);
        column = Math.Min(column, width - 1);

        // Of a text that is taller than the window, the rows around the cursor: what has left the window cannot be drawn again.
        int shown = Math.Min(layout.Count, Math.Max(1, height - 1));
        int first = Math.Clamp(row - shown + 1, 0, layout.Count - shown);

        StringBuilder frame = new("\r");
        if (RowsAbove(width) is > 0 and var above)
            frame.Append($"\e[{above}A");

        frame.Append("\e[J");
        for (int i = first; i < first + shown; i++)
        {
            frame.Append(i > first ? "\r\n" : "");
            frame.Append(i == 0 ? prompt : new string(' ', Cells.Of(prompt))).Append(layout.Row(i));
        }

        if (first + shown - 1 - row is > 0 and var below)
            frame.Append($"\e[{below}A");

        frame.Append('\r');
        if (column > 0)
            frame.Append($"\e[{column}C");

        _drawn = [.. Enumerable.Range(first, shown).Select(layout.WidthOf)];
        _cursor = (row - first, column);
        output.Write(frame);
        output.Flush();
    }

    /// <summary>
    /// How many rows of the window lie between the beginning of what was drawn and the cursor: a terminal that became narrower has
    /// broken rows in two.
    /// </summary>
    private int RowsAbove(int width) =>
        _drawn.Take(_cursor.Row).Sum(cells => Math.Max(1, (cells + width - 1) / width)) + (_drawn.Length > 0 ? _cursor.Column / width : 0);
}
