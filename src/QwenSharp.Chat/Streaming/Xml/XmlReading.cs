namespace QwenSharp.Chat.Streaming.Xml;

/// <summary>One way to read a call: takes its tags in order, until it holds the whole or cannot go on.</summary>
internal abstract class XmlReading
{
    private readonly List<XmlFunction> _functions = [];
    private string _parameter = string.Empty;
    private int _valueStart = -1;

    /// <summary>Whether the tags so far can be read this way.</summary>
    public bool IsAlive { get; private set; } = true;

    /// <summary>Where the call ends; 0 while it does not.</summary>
    public int End { get; private set; }

    /// <summary>The functions that are called, in order.</summary>
    public IReadOnlyList<XmlFunction> Functions => _functions;

    /// <summary>Whether a function is open.</summary>
    protected bool InFunction { get; private set; }

    /// <summary>Whether a value is.</summary>
    protected bool InValue => _valueStart >= 0;

    /// <summary>Where the open value begins.</summary>
    protected int ValueStart => _valueStart;

    /// <summary>Takes the next tag; one that has ended or cannot go on takes none.</summary>
    public void Take(in XmlTag tag, ReadOnlySpan<char> text)
    {
        if (IsAlive && End == 0)
            Advance(tag, text);
    }

    /// <summary>Says that the reply ends here.</summary>
    public void TakeEnd(int last)
    {
        if (IsAlive && End == 0)
            AdvanceToEnd(last);
    }

    protected abstract void Advance(in XmlTag tag, ReadOnlySpan<char> text);

    /// <param name="last">Where the last tag ends.</param>
    protected abstract void AdvanceToEnd(int last);

    protected void OpenFunction(string name)
    {
        _functions.Add(new XmlFunction(name));
        InFunction = true;
    }

    protected void CloseFunction() => InFunction = false;

    protected void OpenValue(in XmlTag tag) => (_parameter, _valueStart) = (tag.Name, tag.End);

    protected void CloseValue(int end)
    {
        _functions[^1].Parameters.Add((_parameter, _valueStart..end));
        _valueStart = -1;
    }

    protected void Accept(int end) => End = end;

    protected void GiveUp() => IsAlive = false;
}
