using System.Text;

namespace QwenSharp.Agent.Permissions.Shell;

/// <summary>Puts a word together from what is known and what only the shell will know.</summary>
internal sealed class WordBuilder
{
    private readonly StringBuilder _text = new();
    private int _known = -1;
    private bool _maySplit;
    private bool _hasOther;
    private bool _isHome;

    /// <summary>Whether there is nothing yet, not even empty quotes.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <summary>Adds a character that stands for itself.</summary>
    public void Add(char character)
    {
        _text.Append(character);
        IsEmpty = false;
    }

    /// <summary>Notes that quotes were opened: an empty word is a word.</summary>
    public void AddQuotes() => IsEmpty = false;

    /// <summary>Adds what only the shell knows, as it is written.</summary>
    /// <param name="written">The text.</param>
    /// <param name="maySplit">Whether it may become several words.</param>
    public void AddUnknown(ReadOnlySpan<char> written, bool maySplit)
    {
        EndKnown();
        _hasOther = true;
        _maySplit |= maySplit;
        _text.Append(written);
        IsEmpty = false;
    }

    /// <summary>Adds a character of a glob.</summary>
    public void AddGlob(char character)
    {
        EndKnown();
        _maySplit = true;
        Add(character);
    }

    /// <summary>Notes that the tilde that the word begins with is the home directory.</summary>
    public void MarkHome() => _isHome = true;

    /// <summary>The word.</summary>
    /// <param name="written">As it is written.</param>
    public ShellWord Build(string written)
    {
        string text = _text.ToString();
        return new ShellWord(text, written, _known < 0 ? text : text[.._known], _known < 0, _maySplit, _isHome)
        {
            IsGlobAlone = _known >= 0 && !_hasOther,
        };
    }

    private void EndKnown() => _known = _known < 0 ? _text.Length : _known;
}
