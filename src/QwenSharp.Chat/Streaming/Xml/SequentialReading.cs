namespace QwenSharp.Chat.Streaming.Xml;

/// <summary>
/// Reads a call from front to back: a value ends where its closing tag is followed by what may come after it, so that a value may hold
/// tags without their partners. May do without closing tags, as models in a long context do: then a value ends where the next tag
/// begins, and everything has to be what the tool takes.
/// </summary>
/// <param name="isBare">Whether the outermost tag was left out.</param>
/// <param name="tools">What is offered.</param>
/// <param name="mends">Whether closing tags may be missing.</param>
internal sealed class SequentialReading(bool isBare, OfferedTools tools, bool mends) : XmlReading
{
    private readonly HashSet<string> _given = [];
    private OfferedTool? _tool;
    private XmlTagKind _before;

    /// <summary>The closing tags that may end the value, the last of them first; they count once the next tag agrees.</summary>
    private XmlTagKind _closing = XmlTagKind.Text;

    /// <summary>Where the value ends if they do.</summary>
    private int _valueEnd;

    /// <summary>Whether tags are part of the value.</summary>
    private bool _holdsTags;

    /// <summary>How many calls and functions are open inside the value.</summary>
    private int _nestedCalls, _nestedFunctions;

    protected override void Advance(in XmlTag tag, ReadOnlySpan<char> text)
    {
        if (InValue && _closing != XmlTagKind.Text)
            TakeAfterClosing(tag, text);
        else if (InValue)
            TakeInValue(tag, text);
        else
            TakeOutside(tag);

        _before = tag.Kind;
    }

    protected override void AdvanceToEnd(int last)
    {
        if (!mends)
            return;

        if (InValue && _closing != XmlTagKind.Text)
        {
            bool isFunctionClosed = _closing == XmlTagKind.FunctionClose;
            EndValue(_valueEnd);
            if (isFunctionClosed)
                CloseFunction();
        }

        // A reply that was cut off may lack parameters.
        if (!InValue && Functions.Count > 0 && (!InFunction || HasAll()))
            Accept(last);
    }

    private void TakeOutside(in XmlTag tag)
    {
        switch (tag.Kind)
        {
            case XmlTagKind.FunctionOpen when !InFunction || MayEndHere():
                Begin(tag);
                break;
            case XmlTagKind.ParameterOpen when InFunction:
                StartValue(tag);
                break;
            case XmlTagKind.FunctionClose when InFunction:
                EndFunction(tag);
                break;
            case XmlTagKind.CallClose when Functions.Count > 0 && (!InFunction || MayEndHere()):
                Accept(tag.End);
                break;
            case XmlTagKind.CallOpen when mends && Functions.Count > 0 && (!InFunction || MayEndHere()):
            case XmlTagKind.Text when mends && Functions.Count > 0 && !InFunction:
                Accept(tag.Start);
                break;
            default:
                GiveUp();
                break;
        }
    }

    private void TakeAfterClosing(in XmlTag tag, ReadOnlySpan<char> text)
    {
        bool isParameterClosed = _closing == XmlTagKind.ParameterClose;
        bool agrees = tag.Kind switch
        {
            XmlTagKind.ParameterOpen => isParameterClosed,
            XmlTagKind.FunctionClose => isParameterClosed,
            XmlTagKind.FunctionOpen => !isParameterClosed || mends && tools.Find(tag.Name) is not null,
            XmlTagKind.CallClose => !isParameterClosed || mends,
            XmlTagKind.CallOpen => mends,
            _ => false,
        };
        if (agrees && !mends && !isBare && tag.Kind == XmlTagKind.FunctionClose)
        {
            // Where all tags are there, another follows the function's.
            _closing = XmlTagKind.FunctionClose;
        }
        else if (agrees)
        {
            EndValue(_valueEnd);
            if (!isParameterClosed)
                CloseFunction();

            TakeOutside(tag);
        }
        else
        {
            (_closing, _holdsTags) = (XmlTagKind.Text, true);
            TakeInValue(tag, text);
        }
    }

    private void TakeInValue(in XmlTag tag, ReadOnlySpan<char> text)
    {
        if (tag.Kind == XmlTagKind.Text)
            return;

        if (_nestedCalls > 0 || _nestedFunctions > 0)
        {
            TakeNested(tag);
            return;
        }

        bool stands = IsSetOff(tag, text);
        switch (tag.Kind)
        {
            case XmlTagKind.ParameterClose:
                (_closing, _valueEnd) = (tag.Kind, tag.Start);
                return;
            case XmlTagKind.ParameterOpen when stands && (_tool is not { DeclaresParameters: true } || _tool.Declares(tag.Name)):
                // The parameter before was not closed, or its value names one: only what the tool takes tells one from the other.
                if (!mends || _holdsTags || _tool?.Declares(tag.Name) != true || !_given.Add(tag.Name))
                {
                    GiveUp();
                    return;
                }

                CloseValue(tag.Start);
                OpenValue(tag);
                return;
            case XmlTagKind.FunctionClose when mends && !_holdsTags:
                if (isBare)
                {
                    EndValue(tag.Start);
                    EndFunction(tag);
                }
                else
                {
                    (_closing, _valueEnd) = (tag.Kind, tag.Start);
                }

                return;
            case XmlTagKind.CallClose when mends && !_holdsTags && stands:
                EndValue(tag.Start);
                Accept(tag.End);
                return;
            case XmlTagKind.FunctionOpen when stands || _before == XmlTagKind.CallOpen:
                _nestedFunctions = 1;
                _nestedCalls = _before == XmlTagKind.CallOpen ? 1 : 0;
                break;
        }

        _holdsTags = true;
    }

    private void TakeNested(in XmlTag tag)
    {
        switch (tag.Kind)
        {
            case XmlTagKind.FunctionOpen:
                _nestedFunctions++;
                _nestedCalls += _before == XmlTagKind.CallOpen ? 1 : 0;
                break;
            case XmlTagKind.FunctionClose when _nestedFunctions > 0:
                _nestedFunctions--;
                break;
            case XmlTagKind.CallClose when _nestedCalls > 0:
                _nestedCalls--;
                _nestedFunctions = _nestedCalls == 0 ? 0 : _nestedFunctions;
                break;
        }
    }

    private void Begin(in XmlTag tag)
    {
        _tool = tools.Find(tag.Name);
        _given.Clear();
        if (mends && _tool is null)
            GiveUp();
        else
            OpenFunction(tag.Name);
    }

    private void StartValue(in XmlTag tag)
    {
        _given.Add(tag.Name);
        OpenValue(tag);
    }

    private void EndValue(int end)
    {
        CloseValue(end);
        (_closing, _holdsTags) = (XmlTagKind.Text, false);
    }

    private void EndFunction(in XmlTag tag)
    {
        CloseFunction();
        if (isBare)
            Accept(tag.End);
    }

    // Whether the open function may end without its tag.
    private bool MayEndHere() => mends && Functions[^1].Parameters.Count > 0;

    private bool HasAll() => MayEndHere() && _tool!.HasRequired(Functions[^1].Parameters.Select(parameter => parameter.Name));

    /// <summary>
    /// Whether a tag is written as tags of calls are: at the beginning of a line, or, where all is on one line, on the line that the value
    /// begins on.
    /// </summary>
    private bool IsSetOff(in XmlTag tag, ReadOnlySpan<char> text) =>
        tag.Line <= ValueStart || text[tag.Line..tag.Start].TrimEnd(' ').TrimEnd('\t').IsEmpty;
}
