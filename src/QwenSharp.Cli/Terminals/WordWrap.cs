using System.Text;

namespace QwenSharp.Cli.Terminals;

/// <summary>
/// Breaks text between words where a row of the terminal ends, while the text comes. A word is held back until it is whole; one that is
/// longer than a row is left to the terminal to break.
/// </summary>
/// <param name="width">Cells of a row, asked for at each word.</param>
internal sealed class WordWrap(Func<int> width)
{
    private readonly StringBuilder _word = new();
    private readonly StringBuilder _ready = new();
    private int _column;

    /// <summary>Takes more of the text.</summary>
    /// <returns>What can be shown.</returns>
    public string Push(string text)
    {
        for (int i = 0; i < text.Length;)
        {
            int next = Cells.Next(text, i);
            Take(text.AsSpan(i..next));
            i = next;
        }

        return Ready();
    }

    /// <summary>The rest of the text, which may go on in the same row.</summary>
    public string Finish()
    {
        PutWord();
        return Ready();
    }

    private void Take(ReadOnlySpan<char> character)
    {
        if (character is ['\n'])
        {
            PutWord();
            _ready.Append('\n');
            _column = 0;
        }
        else if (character is [' ' or '\t'])
        {
            PutWord();
            // At the end of a row it would begin the next one.
            if (_column < width())
                _ready.Append(character);

            _column += character is ['\t'] ? 8 - _column % 8 : 1;
        }
        else if (Cells.OfCharacter(character) > 1)
        {
            // Ideographs and emoji are words of their own.
            PutWord();
            _word.Append(character);
            PutWord();
        }
        else
        {
            _word.Append(character);
        }
    }

    private void PutWord()
    {
        int room = width(), cells = Cells.Of(_word.ToString());
        if (_column > 0 && _column + cells > room && cells > 0)
        {
            _ready.Append('\n');
            _column = 0;
        }

        _ready.Append(_word);
        _word.Clear();
        _column = _column + cells > room ? (_column + cells - 1) % room + 1 : _column + cells;
    }

    private string Ready()
    {
        string ready = _ready.ToString();
        _ready.Clear();
        return ready;
    }
}
