using System.Text;

namespace QwenSharp.Agent.Workspaces;

/// <summary>
/// A text with every line end as one line feed, beside the text as it is: models write line feeds, files have what they have.
/// </summary>
internal sealed class LineEnds
{
    // Where, in the even text, a line feed stands for a carriage return with a line feed.
    private readonly List<int> _returns = [];
    private readonly string _text;

    public LineEnds(string text)
    {
        _text = text;
        Even = text.Contains('\r') ? Evened() : text;
        int feeds = Even.AsSpan().Count('\n');
        NewLine = _returns.Count * 2 > feeds ? "\r\n" : "\n";
    }

    /// <summary>The text with line feeds alone.</summary>
    public string Even { get; }

    /// <summary>The line end that most lines of the text have.</summary>
    public string NewLine { get; }

    /// <summary>The text with another in the place of stretches of the even one. What is outside of them stays to the letter.</summary>
    /// <param name="stretches">Where each begins in <see cref="Even"/> and its length there, in order and apart from each other.</param>
    /// <param name="replacement">The new text; its line ends become <see cref="NewLine"/>.</param>
    public string Replace(IEnumerable<(int Start, int Length)> stretches, string replacement)
    {
        StringBuilder replaced = new(_text.Length);
        string written = Written(replacement);
        int done = 0;
        foreach ((int start, int length) in stretches)
        {
            replaced.Append(_text.AsSpan(done..Original(start))).Append(written);
            done = Original(start + length);
        }

        return replaced.Append(_text.AsSpan(done)).ToString();
    }

    /// <summary>Another text in the place of the whole one. The lines that both begin and end with stay to the letter.</summary>
    /// <param name="text">The new text.</param>
    public string With(string text)
    {
        string even = text.Replace("\r\n", "\n", StringComparison.Ordinal);
        int start = Even.AsSpan().CommonPrefixLength(even), most = Math.Min(Even.Length, even.Length) - start, end = 0;
        while (end < most && Even[^(end + 1)] == even[^(end + 1)])
            end++;

        return Replace([(start, Even.Length - end - start)], even[start..^end]);
    }

    private string Written(string text)
    {
        string even = text.Replace("\r\n", "\n", StringComparison.Ordinal);
        return NewLine == "\n" ? even : even.Replace("\n", NewLine, StringComparison.Ordinal);
    }

    // A place behind k carriage returns that were left out is k characters further on.
    private int Original(int place)
    {
        int found = _returns.BinarySearch(place);
        return place + (found >= 0 ? found : ~found);
    }

    private string Evened()
    {
        StringBuilder even = new(_text.Length);
        for (int i = 0; i < _text.Length; i++)
        {
            if (_text[i] == '\r' && i + 1 < _text.Length && _text[i + 1] == '\n')
                _returns.Add(even.Length);
            else
                even.Append(_text[i]);
        }

        return even.ToString();
    }
}
