using Microsoft.Extensions.AI;
using QwenSharp.Chat.Streaming.Arguments;

namespace QwenSharp.Chat.Streaming.Xml;

/// <summary>
/// Reads a call in three ways at once, and takes the most certain that works out: tags in pairs, all closing tags there, closing tags
/// missing. Where a later tag could still make a more certain one work out, it waits.
/// </summary>
internal sealed class XmlCallReading(OfferedTools tools, bool isBare, bool isWhole) : CallReading
{
    private readonly BalancedReading _balanced = new(isBare);
    private readonly SequentialReading _sequential = new(isBare, tools, mends: false);
    private readonly SequentialReading? _mended = isWhole ? null : new SequentialReading(isBare, tools, mends: true);
    private XmlTagScanner _scanner;
    private XmlTagKind _before;
    private bool _hasBegun;
    private int _last;

    public override CallVerdict Read(ReadOnlySpan<char> text, bool isEnd)
    {
        while (_scanner.TryNext(text, isEnd, out XmlTag tag))
        {
            if (!_hasBegun)
            {
                _hasBegun = true;
                if (isBare && (tag.Kind != XmlTagKind.FunctionOpen || tools.Find(tag.Name) is null))
                    return CallVerdict.Text(Math.Max(tag.End, 1));
            }

            // The opening, which some models say twice.
            if (!isBare && tag.Kind == XmlTagKind.CallOpen && _balanced is { IsAlive: true, Functions.Count: 0 })
                continue;

            _balanced.Take(tag, text);
            _sequential.Take(tag, text);
            _mended?.Take(tag, text);
            if (Settled(tag) is { } reading)
                return Verdict(reading, text);
            if (!_balanced.IsAlive && !_sequential.IsAlive && _mended is null or { IsAlive: false })
                return CallVerdict.Text(tag.Start);

            (_before, _last) = (tag.Kind, tag.Kind == XmlTagKind.Text ? _last : tag.End);
        }

        return isEnd ? AtEnd(text) : CallVerdict.More;
    }

    private CallVerdict AtEnd(ReadOnlySpan<char> text)
    {
        _balanced.TakeEnd(_last);
        _mended?.TakeEnd(_last);
        return _balanced.End > 0 ? Verdict(_balanced, text)
            : _sequential.End > 0 ? Verdict(_sequential, text)
            : _mended is { End: > 0 } ? Verdict(_mended, text)
            : CallVerdict.Text(text.Length);
    }

    private XmlReading? Settled(in XmlTag tag)
    {
        if (_balanced.End > 0)
            return _balanced;
        if (_balanced.IsAlive)
            return null;
        if (_sequential.End > 0)
            return _sequential;

        return _mended is { End: > 0 } && (!_sequential.IsAlive || IsNextCall(tag)) ? _mended : null;
    }

    // Where the next call begins, the one before has ended.
    private bool IsNextCall(in XmlTag tag) =>
        tag.Kind == XmlTagKind.FunctionOpen && tag.Start >= _mended!.End
        && (_before == XmlTagKind.CallOpen || isBare && tools.Find(tag.Name) is not null);

    private CallVerdict Verdict(XmlReading reading, ReadOnlySpan<char> text)
    {
        List<FunctionCallContent> calls = [];
        foreach (XmlFunction function in reading.Functions)
        {
            if (Call(function, text, isMended: reading == _mended) is not { } call)
                return CallVerdict.Text(reading.End);

            calls.Add(call);
        }

        return new CallVerdict(reading.End, calls);
    }

    private FunctionCallContent? Call(XmlFunction function, ReadOnlySpan<char> text, bool isMended)
    {
        OfferedTool? tool = tools.Find(function.Name);
        if (tool is null && (isWhole || isMended))
            return null;

        Dictionary<string, object?> arguments = [];
        foreach ((string name, Range value) in function.Parameters)
        {
            string said = Unframed(text[value]).ToString();
            object typed = tool is null ? said : ArgumentText.Typed(said, tool.SchemaOf(name));
            if (isMended && !tool!.Takes(name, typed))
                return null;

            // Said twice alike is said once; of two different values neither is certain.
            if (!arguments.TryAdd(name, typed) && arguments[name]!.ToString() != typed.ToString())
                return null;
        }

        return ToolCallDialect.Call(function.Name, arguments);
    }

    private static ReadOnlySpan<char> Unframed(ReadOnlySpan<char> value)
    {
        value = value.StartsWith("\r\n") ? value[2..] : value.StartsWith('\n') ? value[1..] : value;
        return value.EndsWith("\r\n") ? value[..^2] : value.EndsWith('\n') ? value[..^1] : value;
    }
}
