using System.Buffers;
using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Syntax;

/// <summary>
/// Cuts a template into text and tags, as Jinja does with <c>trim_blocks</c> and <c>lstrip_blocks</c> on: a block or comment
/// swallows the newline after it, and the spaces before it on a line of its own. <c>-</c> in a tag strips all white space on its side,
/// <c>+</c> none.
/// </summary>
internal sealed class Lexer
{
    private static readonly SearchValues<string> Tags = SearchValues.Create(["{%", "{{", "{#"], StringComparison.Ordinal);
    private static readonly string[] Operators =
    [
        "**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",",
        ";",
    ];

    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _position;
    private int _line = 1;
    private bool _lineStarting = true;

    private Lexer(string source)
    {
        _source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (_source.EndsWith('\n'))
            _source = _source[..^1];
    }

    public static List<Token> Tokenize(string source)
    {
        Lexer lexer = new(source);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        while (_position < _source.Length)
        {
            int found = _source.AsSpan(_position).IndexOfAny(Tags);
            if (found < 0)
            {
                Emit(TokenKind.Data, _source[_position..]);
                break;
            }

            int tag = _position + found;
            char kind = _source[tag + 1];
            char sign = Peek(tag + 2) is '-' or '+' ? _source[tag + 2] : ' ';
            Data(_source[_position..tag], sign, kind != '{');
            Advance(tag + (sign == ' ' ? 2 : 3));
            switch (kind)
            {
                case '#':
                    Comment();
                    break;
                case '%' when RawBegin():
                    Raw();
                    break;
                case '%':
                    Tag(TokenKind.BlockBegin, TokenKind.BlockEnd, "%}");
                    break;
                default:
                    Tag(TokenKind.VariableBegin, TokenKind.VariableEnd, "}}");
                    break;
            }

            _lineStarting = _source[_position - 1] == '\n';
        }

        _tokens.Add(new(TokenKind.End, string.Empty, _line));
    }

    /// <summary>The text before a tag, stripped as the tag asks.</summary>
    private void Data(string text, char sign, bool stripsLine)
    {
        string kept = text;
        if (sign == '-')
        {
            kept = text[..Whitespace.TrimEnd(text)];
        }
        else if (sign != '+' && stripsLine)
        {
            int lineStart = text.LastIndexOf('\n') + 1;
            if ((lineStart > 0 || _lineStarting) && lineStart < text.Length && Whitespace.TrimEnd(text.AsSpan(lineStart)) == 0)
                kept = text[..lineStart];
        }

        Emit(TokenKind.Data, kept);
    }

    private void Comment()
    {
        int end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0)
            throw Error("Missing end of comment tag");

        // The sign belongs to the end tag unless it is already part of the beginning.
        char sign = end > _position && _source[end - 1] is '-' or '+' ? _source[end - 1] : ' ';
        Advance(end + 2);
        AfterTag(sign, trims: true);
    }

    /// <summary>Whether a block that has just begun is <c>raw</c>; if so, passes it.</summary>
    private bool RawBegin()
    {
        int i = SkipSpace(_position);
        if (!_source.AsSpan(i).StartsWith("raw"))
            return false;

        i = SkipSpace(i + 3);
        char sign = Peek(i) == '-' ? '-' : ' ';
        i += sign == '-' ? 1 : 0;
        if (!_source.AsSpan(i).StartsWith("%}"))
            return false;

        Advance(i + 2);
        AfterTag(sign, trims: false);
        return true;
    }

    private void Raw()
    {
        for (
            int tag = _source.IndexOf("{%", _position, StringComparison.Ordinal);
            tag >= 0;
            tag = _source.IndexOf("{%", tag + 2, StringComparison.Ordinal))
        {
            char sign = Peek(tag + 2) is '-' or '+' ? _source[tag + 2] : ' ';
            int i = SkipSpace(tag + (sign == ' ' ? 2 : 3));
            if (!_source.AsSpan(i).StartsWith("endraw"))
                continue;

            i = SkipSpace(i + 6);
            char end = Peek(i) is '-' or '+' ? _source[i] : ' ';
            i += end == ' ' ? 0 : 1;
            if (_source.AsSpan(i).StartsWith("%}"))
            {
                Data(_source[_position..tag], sign, stripsLine: true);
                Advance(i + 2);
                AfterTag(end, trims: true);
                return;
            }
        }

        throw Error("Missing end of raw directive");
    }

    private void Tag(TokenKind begin, TokenKind end, string close)
    {
        _tokens.Add(new(begin, string.Empty, _line));
        Stack<char> open = new();
        while (true)
        {
            Advance(SkipSpace(_position));
            if (_position >= _source.Length)
            {
                // The parser knows what it was looking for, and says so.
                return;
            }

            if (open.Count == 0 && Closes(close, out char sign))
            {
                _tokens.Add(new(end, string.Empty, _line));
                Advance(_position + close.Length + (sign == ' ' ? 0 : 1));
                AfterTag(sign, trims: end == TokenKind.BlockEnd);
                return;
            }

            Expression(open);
        }
    }

    private bool Closes(string close, out char sign)
    {
        ReadOnlySpan<char> rest = _source.AsSpan(_position);
        bool signs = rest[0] == '-' || (rest[0] == '+' && close == "%}");
        sign = signs && rest[1..].StartsWith(close) ? rest[0] : ' ';
        return sign != ' ' || rest.StartsWith(close);
    }

    private void Expression(Stack<char> open)
    {
        char c = _source[_position];
        if (c is '"' or '\'')
        {
            (string value, int end) = StringLiteral.Read(_source, _position, _line);
            Emit(TokenKind.String, value, end);
        }
        else if (char.IsAsciiDigit(c))
        {
            int end = NumberLiteral.End(_source, _position, out bool isFloat);
            Emit(
                isFloat ? TokenKind.Float : TokenKind.Integer,
                _source[_position..end].Replace("_", string.Empty, StringComparison.Ordinal),
                end);
        }
        else if (char.IsLetter(c) || c == '_')
        {
            int end = _position + 1;
            while (end < _source.Length && (char.IsLetterOrDigit(_source[end]) || _source[end] == '_'))
                end++;

            Emit(TokenKind.Name, _source[_position..end], end);
        }
        else
        {
            string op = Array.Find(Operators, candidate => string.CompareOrdinal(_source, _position, candidate, 0, candidate.Length) == 0)
                ?? throw Error($"unexpected char {Repr.Quote(c.ToString())} at {_position}");
            Balance(open, op[0]);
            Emit(TokenKind.Operator, op, _position + op.Length);
        }
    }

    private void Balance(Stack<char> open, char c)
    {
        if (c is '(' or '[' or '{')
        {
            open.Push(c == '(' ? ')' : c == '[' ? ']' : '}');
        }
        else if (c is ')' or ']' or '}' && (!open.TryPop(out char expected) || expected != c))
        {
            throw Error(expected == 0 ? $"unexpected '{c}'" : $"unexpected '{c}', expected '{expected}'");
        }
    }

    private void AfterTag(char sign, bool trims)
    {
        if (sign == '-')
            Advance(SkipSpace(_position));
        else if (sign == ' ' && trims && Peek(_position) == '\n')
            Advance(_position + 1);
    }

    private void Emit(TokenKind kind, string value)
    {
        if (value.Length > 0)
            _tokens.Add(new(kind, value, _line));
    }

    private void Emit(TokenKind kind, string value, int end)
    {
        _tokens.Add(new(kind, value, _line));
        Advance(end);
    }

    private void Advance(int to)
    {
        _line += _source.AsSpan(_position, to - _position).Count('\n');
        _position = to;
    }

    private int SkipSpace(int from)
    {
        while (from < _source.Length && Whitespace.Is(_source[from]))
            from++;

        return from;
    }

    private char Peek(int at) => at < _source.Length ? _source[at] : '\0';

    private TemplateException Error(string message) => new($"line {_line}: {message}", _line);
}
