using Microsoft.Extensions.AI;

namespace QwenSharp.Chat.Streaming.Hermes;

/// <summary>
/// Reads the JSON of one call or several, one after the other or as a list. An object is a call once it is closed; a bracket too many
/// after it goes, and brackets that are missing before the closing tag are added.
/// </summary>
internal sealed class JsonCallReading(OfferedTools tools, JsonWrapping wrapping, bool isWhole) : CallReading
{
    private const int LongestInfo = 32;

    private static readonly string[] Languages = ["", "json", "json5", "jsonc", "tool_call"];

    private readonly List<FunctionCallContent> _calls = [];
    private JsonScanner? _object;
    private int _at = -1, _lastEnd;
    private bool _isList;

    private bool IsMarked => wrapping == JsonWrapping.Call;

    public override CallVerdict Read(ReadOnlySpan<char> text, bool isEnd)
    {
        if (_at < 0 && !TryBegin(text, isEnd, out CallVerdict not))
            return not;

        while (true)
        {
            CallVerdict? verdict = _object is null ? ReadBetween(text, isEnd) : ReadObject(text, isEnd);
            if (verdict is not null)
                return verdict.Value;
        }
    }

    // Goes past the opening; of a block of code, past its first line.
    private bool TryBegin(ReadOnlySpan<char> text, bool isEnd, out CallVerdict verdict)
    {
        verdict = CallVerdict.More;
        if (wrapping != JsonWrapping.Fence)
        {
            _at = wrapping.Open.Length;
            return true;
        }

        int line = text.IndexOf('\n');
        if (line < 0 && !isEnd && text.Length <= LongestInfo)
            return false;

        if (line < 0 || line > LongestInfo || !Languages.Contains(text[wrapping.Open.Length..line].Trim().ToString().ToLowerInvariant()))
        {
            verdict = CallVerdict.Text(wrapping.Open.Length);
            return false;
        }

        _at = line + 1;
        return true;
    }

    private CallVerdict? ReadBetween(ReadOnlySpan<char> text, bool isEnd)
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]) && !(EndsWithItsLine && text[_at] == '\n'))
            _at++;

        ReadOnlySpan<char> rest = text[_at..];
        if (rest.IsEmpty)
            return isEnd ? Ended(_lastEnd, text.Length) : CallVerdict.More;

        switch (rest[0])
        {
            case '{' when _calls.Count == 0 || !EndsWithItsLine:
                if (!IsMarked && JsonBeginning.NamesATool(rest, tools) is not true and var names)
                    return names is null && !isEnd ? CallVerdict.More : CallVerdict.Text(Math.Max(_at, 1));

                _object = new JsonScanner(_at);
                return null;
            case '[' when _calls.Count == 0 && !_isList:
                _isList = true;
                break;
            case ',' when _calls.Count > 0 && (_isList || IsMarked):
                break;
            case '}' or ']' when _calls.Count > 0:
                (_isList, _lastEnd) = (_isList && rest[0] != ']', _at + 1);
                break;
            default:
                return ReadClosing(text, rest, isEnd);
        }

        _at++;
        return null;
    }

    private CallVerdict? ReadClosing(ReadOnlySpan<char> text, ReadOnlySpan<char> rest, bool isEnd)
    {
        string close = wrapping == JsonWrapping.None ? JsonWrapping.Call.Close : wrapping.Close;
        if (rest.StartsWith(close))
        {
            // The tag after a call that had none before it goes with what follows.
            return Ended(wrapping == JsonWrapping.None ? _lastEnd : _at + close.Length, _at + close.Length);
        }

        if (!isEnd && close.AsSpan().StartsWith(rest))
            return CallVerdict.More;

        // The opening, said twice.
        if (IsMarked && _calls.Count == 0 && rest.StartsWith(wrapping.Open))
        {
            _at += wrapping.Open.Length;
            return null;
        }

        // Text, or the next call: the closing tag was left out.
        ReadOnlySpan<char> gap = text[_lastEnd.._at];
        bool isSetOff = _calls.Count > 0
            && (EndsWithItsLine ? rest[0] == '\n' : IsMarked && (gap.Contains('\n') || rest.StartsWith(wrapping.Open)));
        if (!isEnd && IsMarked && !isSetOff && wrapping.Open.AsSpan().StartsWith(rest))
            return CallVerdict.More;

        bool isOffered = _calls.TrueForAll(call => tools.Find(call.Name) is not null);
        return isSetOff && isOffered && !isWhole ? Ended(_lastEnd, _at) : CallVerdict.Text(Math.Max(_at, 1));
    }

    private CallVerdict? ReadObject(ReadOnlySpan<char> text, bool isEnd)
    {
        bool? isClosed = _object!.Advance(text);
        ReadOnlySpan<char> rest = text[_object.At..];
        if (isClosed == true)
            return Take(text[_object.Start.._object.At].ToString(), _object.At, isMended: false);

        string close = wrapping.Close;
        if (isClosed == false && close.Length > 0 && rest.StartsWith(close) && !isWhole)
            return Take(string.Concat(text[_object.Start.._object.At], _object.Closers), _object.At, isMended: true);
        if (isClosed == false && !isEnd && close.AsSpan().StartsWith(rest))
            return CallVerdict.More;
        if (isClosed == false)
            return CallVerdict.Text(_object.At);
        if (!isEnd)
            return CallVerdict.More;

        // Where the reply ends, only the outermost bracket may be missing: then the arguments are whole.
        return _object is { Depth: 1, InString: false } && !isWhole && text[_object.Start..].TrimEnd() is [.., '}']
            ? Take(string.Concat(text[_object.Start..], _object.Closers), text.Length, isMended: true) ?? Ended(text.Length, text.Length)
            : CallVerdict.Text(text.Length);
    }

    private CallVerdict? Take(string json, int end, bool isMended)
    {
        if (JsonCall.Read(json, tools, IsMarked, isMended) is not { } call || isWhole && tools.Find(call.Name) is null)
            return CallVerdict.Text(end);

        _calls.Add(call);
        (_object, _at, _lastEnd) = (null, end, end);
        return null;
    }

    // An object without a wrapping ends where its line does; a list of them at its bracket.
    private bool EndsWithItsLine => wrapping == JsonWrapping.None && _calls.Count > 0 && !_isList;

    private CallVerdict Ended(int end, int otherwise) =>
        _calls.Count > 0 ? new CallVerdict(end, _calls) : CallVerdict.Text(Math.Max(otherwise, 1));
}
