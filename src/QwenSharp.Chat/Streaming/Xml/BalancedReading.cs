namespace QwenSharp.Chat.Streaming.Xml;

/// <summary>
/// Reads a call whose tags, those inside values included, open and close in pairs: a file that is written may itself hold calls.
/// </summary>
/// <param name="isBare">Whether the outermost tag was left out.</param>
internal sealed class BalancedReading(bool isBare) : XmlReading
{
    private readonly Stack<XmlTagKind> _nested = [];

    protected override void Advance(in XmlTag tag, ReadOnlySpan<char> text)
    {
        if (InValue)
        {
            AdvanceInValue(tag);
            return;
        }

        switch (tag.Kind)
        {
            case XmlTagKind.FunctionOpen when !InFunction:
                OpenFunction(tag.Name);
                break;
            case XmlTagKind.ParameterOpen when InFunction:
                OpenValue(tag);
                break;
            case XmlTagKind.FunctionClose when InFunction:
                CloseFunction();
                if (isBare)
                    Accept(tag.End);

                break;
            case XmlTagKind.CallClose when !InFunction && Functions.Count > 0:
                Accept(tag.End);
                break;
            default:
                GiveUp();
                break;
        }
    }

    // The outermost closing tag is where the model stops.
    protected override void AdvanceToEnd(int last)
    {
        if (!InFunction && Functions.Count > 0)
            Accept(last);
    }

    private void AdvanceInValue(in XmlTag tag)
    {
        switch (tag.Kind)
        {
            case XmlTagKind.Text:
                break;
            case XmlTagKind.CallOpen or XmlTagKind.FunctionOpen or XmlTagKind.ParameterOpen:
                _nested.Push(tag.Kind);
                break;
            case XmlTagKind.ParameterClose when _nested.Count == 0:
                CloseValue(tag.Start);
                break;
            default:
                // A closing tag follows its opening one.
                if (_nested.Count == 0 || _nested.Pop() != tag.Kind - 1)
                    GiveUp();

                break;
        }
    }
}
