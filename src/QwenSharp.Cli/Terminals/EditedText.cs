using System.Globalization;
using System.Text;

namespace QwenSharp.Cli.Terminals;

/// <summary>A text and a cursor in it, which moves by whole characters and by words.</summary>
internal sealed class EditedText
{
    private readonly StringBuilder _text = new();
    private string _cut = "";

    /// <summary>Where the cursor stands: an index of the text.</summary>
    public int Cursor { get; private set; }

    /// <summary>UTF-16 units of the text.</summary>
    public int Length => _text.Length;

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    /// <summary>Replaces all, with the cursor at the end.</summary>
    public void Replace(string text)
    {
        _text.Clear().Append(text);
        Cursor = text.Length;
    }

    /// <summary>Writes at the cursor.</summary>
    public void Insert(string text)
    {
        _text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    /// <summary>Writes what was cut last.</summary>
    public void InsertCut() => Insert(_cut);

    /// <summary>Puts the cursor somewhere.</summary>
    public void MoveTo(int index) => Cursor = Math.Clamp(index, 0, Length);

    /// <summary>Removes all between the cursor and another place; keeps it for <see cref="InsertCut"/> where that is asked for.</summary>
    public void Delete(int other, bool cut = false)
    {
        (int start, int end) = (Math.Min(Cursor, other), Math.Max(Cursor, other));
        if (cut && end > start)
            _cut = _text.ToString(start, end - start);

        _text.Remove(start, end - start);
        Cursor = start;
    }

    /// <summary>One character to the left.</summary>
    public int Left => Cells.Previous(ToString(), Cursor);

    /// <summary>One character to the right.</summary>
    public int Right => Cursor == Length ? Length : Cells.Next(ToString(), Cursor);

    /// <summary>The beginning of the line of the cursor.</summary>
    public int LineStart
    {
        get
        {
            int start = Cursor;
            while (start > 0 && _text[start - 1] != '\n')
                start--;

            return start;
        }
    }

    /// <summary>The end of the line of the cursor.</summary>
    public int LineEnd
    {
        get
        {
            int end = Cursor;
            while (end < Length && _text[end] != '\n')
                end++;

            return end;
        }
    }

    /// <summary>The beginning of the word at or before the cursor.</summary>
    /// <param name="isPart">What words are made of.</param>
    public int WordStart(Func<char, bool> isPart)
    {
        int start = Cursor;
        while (start > 0 && !isPart(_text[start - 1]))
            start--;

        while (start > 0 && isPart(_text[start - 1]))
            start--;

        return start;
    }

    /// <summary>The end of the word at or behind the cursor.</summary>
    /// <param name="isPart">What words are made of.</param>
    public int WordEnd(Func<char, bool> isPart)
    {
        int end = Cursor;
        while (end < Length && !isPart(_text[end]))
            end++;

        while (end < Length && isPart(_text[end]))
            end++;

        return end;
    }

    /// <summary>Letters, digits and what belongs to them: marks, and halves of characters outside the basic plane.</summary>
    public static bool IsOfWord(char c) =>
        char.IsLetterOrDigit(c)
        || char.IsSurrogate(c)
        || c == '_'
        || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    /// <summary>Anything but space, as Ctrl-W has it.</summary>
    public static bool IsNoSpace(char c) => !char.IsWhiteSpace(c);
}
