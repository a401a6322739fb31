using QwenSharp.Chat.Streaming.Arguments;

namespace QwenSharp.Chat.Streaming.Hermes;

/// <summary>Reads <c>{"name": "f", "arguments": {…}}</c> between its tags, a line each: the arguments as they are written.</summary>
internal sealed class HeldJsonReading(OfferedTools tools) : HeldReading
{
    private const string Head = $"{CallWatch.Opening}\n{{\"name\": \"", Middle = "\", \"arguments\": {", Tail = "}\n</tool_call>";

    private int _depth;
    private bool _inString, _isEscaped;

    public override int Read(ReadOnlySpan<char> text)
    {
        int at = 0;
        if (Name is null && !TryReadHead(text, out at))
            return 0;

        int start = at;
        while (at < text.Length && !IsWhole)
            Take(text[at++]);

        at = IsWhole ? at : start + WholeCharacters(text[start..at]);
        Arguments.Append(text[start..at]);
        if (IsWhole && Begins(text[at..], Tail) is { } closes)
        {
            IsEnded = true;
            at += closes ? Tail.Length : 0;
        }

        return at;
    }

    private bool TryReadHead(ReadOnlySpan<char> text, out int end)
    {
        end = 0;
        if (Begins(text, Head) is not true and var begins)
        {
            IsOther = begins == false;
            return false;
        }

        int quote = Head.Length;
        while (quote < text.Length && text[quote] != '"')
            quote += text[quote] == '\\' ? 2 : 1;

        if (quote >= text.Length || Begins(text[quote..], Middle) is not { } goesOn)
            return false;

        string? name = goesOn ? LenientJson.Parse($"\"{text[Head.Length..quote]}\"")?.GetString() : null;
        IsOther = name is null || tools.Find(name) is null;
        Name = IsOther ? null : name;
        end = quote + Middle.Length - 1;
        return !IsOther;
    }

    private void Take(char next)
    {
        if (_inString)
        {
            _inString = _isEscaped || next != '"';
            _isEscaped = !_isEscaped && next == '\\';
            return;
        }

        _inString = next == '"';
        _depth += next is '{' or '[' ? 1 : next is '}' or ']' ? -1 : 0;
        IsWhole = _depth == 0;
    }
}
