using System.Globalization;
using System.Text;
using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars.Gbnf;

/// <summary>Reads GBNF, the grammars of llama.cpp: rules of texts, classes, groups, alternatives and repetitions.</summary>
internal sealed class GbnfParser
{
    private const int MaxLength = 1_000_000;
    private const int MaxDepth = 150;

    private readonly string _text;
    private int _at;
    private int _depth;

    private GbnfParser(string text) => _text = text;

    /// <summary>The rules by name.</summary>
    /// <exception cref="GrammarException">The text is no GBNF.</exception>
    public static Dictionary<string, GbnfNode> Parse(string text)
    {
        GbnfParser parser = new(text);
        if (text.Length > MaxLength)
            throw parser.Wrong($"it is longer than {MaxLength} characters.");
        Dictionary<string, GbnfNode> rules = [];
        parser.Space(true);
        while (parser._at < text.Length)
        {
            string name = parser.Name();
            parser.Space(false);
            if (!parser.Take("::="))
                throw parser.Wrong("\"::=\" is missing.");
            parser.Space(true);
            if (!rules.TryAdd(name, parser.Choice(false)))
                throw parser.Wrong($"the rule \"{name}\" is there twice.");
            if (parser._at < text.Length && text[parser._at] is not ('\n' or '\r'))
                throw parser.Wrong($"\"{text[parser._at]}\" is not expected.");
            parser.Space(true);
        }

        return rules;
    }

    private GrammarException Wrong(string reason)
    {
        int line = 1 + _text.AsSpan(0, Math.Min(_at, _text.Length)).Count('\n');
        return new GrammarException("grammar", $"line {line}", reason);
    }

    private void Space(bool lines)
    {
        while (_at < _text.Length)
        {
            char c = _text[_at];
            if (c == '#')
                _at = _text.IndexOf('\n', _at) is >= 0 and var end ? end : _text.Length;
            else if (c is ' ' or '\t' || (lines && c is '\n' or '\r'))
                _at++;
            else
                return;
        }
    }

    private bool Take(string mark)
    {
        bool isThere = string.CompareOrdinal(_text, _at, mark, 0, mark.Length) == 0;
        if (isThere)
            _at += mark.Length;
        return isThere;
    }

    private string Name()
    {
        int start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '-' or '_'))
            _at++;
        return _at > start ? _text[start.._at] : throw Wrong("the name of a rule is missing.");
    }

    private GbnfNode Choice(bool inGroup)
    {
        if (++_depth > MaxDepth)
            throw Wrong("it is nested too deeply.");
        List<GbnfNode> parts = [Sequence(inGroup)];
        while (_at < _text.Length && _text[_at] == '|')
        {
            _at++;
            Space(true);
            parts.Add(Sequence(inGroup));
        }

        _depth--;
        return parts.Count == 1 ? parts[0] : new GbnfNode.Choice([.. parts]);
    }

    private GbnfNode Sequence(bool inGroup)
    {
        List<GbnfNode> parts = [];
        while (_at < _text.Length)
        {
            char c = _text[_at];
            if (c == '"')
                parts.Add(Literal());
            else if (c == '[')
                parts.Add(Class());
            else if (c == '(')
                parts.Add(Group());
            else if (c == '.')
                parts.Add(Any());
            else if (char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
                parts.Add(new GbnfNode.Rule(Name()));
            else if (c is '*' or '+' or '?' or '{')
                Quantify(parts);
            else
                break;
            Space(inGroup);
        }

        return parts.Count == 1 ? parts[0] : new GbnfNode.Sequence([.. parts]);
    }

    private GbnfNode.Class Any()
    {
        _at++;
        return new GbnfNode.Class(CodeSet.All);
    }

    private GbnfNode Group()
    {
        _at++;
        Space(true);
        GbnfNode inner = Choice(true);
        if (!Take(")"))
            throw Wrong("\")\" is missing.");
        return inner;
    }

    private void Quantify(List<GbnfNode> parts)
    {
        if (parts.Count == 0)
            throw Wrong("there is nothing to repeat.");
        (int min, int max) = _text[_at++] switch
        {
            '*' => (0, Pattern.Unbounded),
            '+' => (1, Pattern.Unbounded),
            '?' => (0, 1),
            _ => Bounds(),
        };
        parts[^1] = new GbnfNode.Repeat(parts[^1], min, max);
    }

    private (int Min, int Max) Bounds()
    {
        int end = _text.IndexOf('}', _at);
        if (end < 0)
            throw Wrong("\"}\" is missing.");
        string[] parts = _text[_at..end].Split(',');
        _at = end + 1;
        int min = parts[0].Trim().Length == 0 && parts.Length == 2 ? 0 : Number(parts[0]);
        int max = parts.Length == 1 ? min : parts.Length > 2 ? -1 : parts[1].Trim().Length == 0 ? Pattern.Unbounded : Number(parts[1]);
        return min <= max ? (min, max) : throw Wrong("the bounds of a repetition are wrong.");
    }

    private int Number(string text) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= 100_000
            ? number
            : throw Wrong($"\"{text}\" is no number of repetitions.");

    private GbnfNode.Text Literal()
    {
        StringBuilder value = new();
        _at++;
        while (true)
        {
            if (_at >= _text.Length || _text[_at] == '\n')
                throw Wrong("a text is not closed.");
            if (_text[_at] == '"')
                break;
            value.Append(new Rune(Character()).ToString());
        }

        _at++;
        return new GbnfNode.Text(value.ToString());
    }

    private GbnfNode.Class Class()
    {
        _at++;
        bool isNegated = Take("^");
        CodeSet set = CodeSet.None;
        while (true)
        {
            if (_at >= _text.Length)
                throw Wrong("a class is not closed.");
            if (_text[_at] == ']')
                break;
            int first = Character();
            int last = first;
            if (_at + 1 < _text.Length && _text[_at] == '-' && _text[_at + 1] != ']')
            {
                _at++;
                last = Character();
            }

            if (first > last)
                throw Wrong("a range of a class is in the wrong order.");
            set = set.Union(CodeSet.Of((first, last)));
        }

        _at++;
        return new GbnfNode.Class(isNegated ? set.Complement() : set);
    }

    private int Character()
    {
        if (_text[_at] != '\\')
        {
            if (!Rune.TryGetRuneAt(_text, _at, out Rune rune))
                throw Wrong("a character is half of a pair.");
            _at += rune.Utf16SequenceLength;
            return rune.Value;
        }

        _at += 2;
        return (_at <= _text.Length ? _text[_at - 1] : '\0') switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '\\' => '\\',
            '"' => '"',
            '[' => '[',
            ']' => ']',
            'x' => Hex(2),
            'u' => Hex(4),
            'U' => Hex(8),
            _ => throw Wrong("an escape is not known."),
        };
    }

    private int Hex(int digits)
    {
        if (_at + digits > _text.Length
            || !int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code)
            || !Rune.IsValid(code))
        {
            throw Wrong("an escape is not one of a character.");
        }

        _at += digits;
        return code;
    }
}
