using System.Globalization;
using System.Text;

namespace QwenSharp.Grammars.Patterns;

/// <summary>
/// Reads a regular expression as ECMA-262 does (and what Python spells otherwise, where it is unambiguous). Anchors and lookaheads become
/// set operations; what is not regular (back references) or looks behind is refused.
/// </summary>
internal sealed class PatternParser
{
    private const int MaxDepth = 120;
    private const int MaxLength = 20_000;

    /// <summary>How large a pattern may be with its repetitions written out.</summary>
    private const long MaxUnrolled = 60_000;

    private readonly PatternPool _pool;
    private readonly string _text;
    private readonly string _pointer;
    private int _at;
    private int _depth;

    private PatternParser(PatternPool pool, string text, string pointer)
    {
        _pool = pool;
        _text = text;
        _pointer = pointer;
    }

    /// <summary>The texts in which the expression is found somewhere.</summary>
    public static Pattern Search(PatternPool pool, string text, string pointer = "")
    {
        Node node = Parse(pool, text, pointer, out PatternParser parser);
        if (!node.HasAssertion)
            return pool.Sequence(pool.Everything, parser.Plain(node), pool.Everything);
        Pattern atStart = parser.Build(node, pool.Everything, true);
        Pattern later = parser.Build(node, pool.Everything, false);
        return pool.Or(atStart, pool.Sequence(pool.Any, pool.Everything, later));
    }

    /// <summary>The texts that are the expression as a whole.</summary>
    public static Pattern Whole(PatternPool pool, string text, string pointer = "")
    {
        Node node = Parse(pool, text, pointer, out PatternParser parser);
        return node.HasAssertion ? parser.Build(node, pool.Empty, true) : parser.Plain(node);
    }

    private static Node Parse(PatternPool pool, string text, string pointer, out PatternParser parser)
    {
        parser = new PatternParser(pool, text, pointer);
        if (text.Length > MaxLength)
            throw parser.Refused($"it is longer than {MaxLength} characters.");
        Node node = parser.Alternatives();
        if (parser._at < text.Length)
            throw parser.Refused($"unexpected \"{text[parser._at]}\" at {parser._at}.");
        if (node.Unrolled > MaxUnrolled)
            throw parser.Refused("its repetitions are too many.");
        return node;
    }

    private GrammarException Refused(string reason) => new("pattern", _pointer, reason);

    private enum NodeKind
    {
        Leaf,
        Sequence,
        Or,
        Repeat,
        Begin,
        End,
        Ahead,
        NotAhead,
        Boundary,
        NotBoundary,
    }

    private sealed record Node(NodeKind Kind, Node[] Parts, Pattern? Leaf = null, int Min = 0, int Max = 0)
    {
        public bool HasAssertion { get; } = Kind >= NodeKind.Begin || Parts.Any(part => part.HasAssertion);

        public bool HasBegin { get; } = Kind == NodeKind.Begin || Parts.Any(part => part.HasBegin);

        /// <summary>Whether it may match without taking a character.</summary>
        public bool MayBeEmpty { get; } = Kind switch
        {
            NodeKind.Leaf => Leaf!.IsNullable,
            NodeKind.Sequence => Parts.All(part => part.MayBeEmpty),
            NodeKind.Or => Parts.Any(part => part.MayBeEmpty),
            NodeKind.Repeat => Min == 0 || Parts[0].MayBeEmpty,
            _ => true,
        };

        /// <summary>Whether it never takes a character.</summary>
        public bool IsZeroWidth { get; } = Kind switch
        {
            NodeKind.Leaf => Leaf!.Kind == PatternKind.Empty,
            NodeKind.Sequence or NodeKind.Or => Parts.All(part => part.IsZeroWidth),
            NodeKind.Repeat => Max == 0 || Parts[0].IsZeroWidth,
            _ => true,
        };

        public long Unrolled { get; } = Kind switch
        {
            NodeKind.Leaf => 1,
            // A repetition of one character is a counter, whatever its bounds.
            NodeKind.Repeat when Parts[0].Kind == NodeKind.Leaf => 1 + (Max == Pattern.Unbounded ? Min / 50 : Max / 50),
            NodeKind.Repeat => Saturate(Parts[0].Unrolled, Max == Pattern.Unbounded ? Math.Max(Min, 1) : Math.Max(Max, 1)),
            _ => Parts.Aggregate(1L, (sum, part) => Math.Min(sum + part.Unrolled, 1L << 40)),
        };

        private static long Saturate(long size, long times) => Math.Min(size, 1L << 31) * Math.Min(times, 1L << 31) is var all && all < 0
            ? 1L << 40
            : Math.Min(all, 1L << 40);
    }

    private Pattern Plain(Node node) => node.Kind switch
    {
        NodeKind.Leaf => node.Leaf!,
        NodeKind.Sequence => _pool.Sequence([.. node.Parts.Select(Plain)]),
        NodeKind.Or => _pool.Or([.. node.Parts.Select(Plain)]),
        _ => _pool.Repeat(Plain(node.Parts[0]), node.Min, node.Max),
    };

    /// <summary>The texts of a node and what follows it to the end of the text; so an assertion is an intersection.</summary>
    private Pattern Build(Node node, Pattern rest, bool atStart)
    {
        if (!node.HasAssertion)
            return _pool.Sequence(Plain(node), rest);
        switch (node.Kind)
        {
            case NodeKind.Begin:
                return atStart ? rest : _pool.Nothing;
            case NodeKind.End:
                return rest.IsNullable ? _pool.Empty : _pool.Nothing;
            case NodeKind.Ahead:
                return _pool.And(rest, Build(node.Parts[0], _pool.Everything, atStart));
            case NodeKind.NotAhead:
                return _pool.And(rest, _pool.Not(Build(node.Parts[0], _pool.Everything, atStart)));
            case NodeKind.Or:
                return _pool.Or([.. node.Parts.Select(part => Build(part, rest, atStart))]);
            case NodeKind.Boundary or NodeKind.NotBoundary:
                throw Refused("\\b is not supported at this place.");
            case NodeKind.Sequence when Array.FindIndex(node.Parts, IsBoundary) is >= 0 and var boundary:
                return BuildBoundary(node, boundary, rest, atStart);
            case NodeKind.Sequence:
                bool[] starts = new bool[node.Parts.Length];
                bool isStart = atStart;
                for (int i = 0; i < starts.Length; i++)
                {
                    starts[i] = isStart;
                    bool leavesStart = !node.Parts[i].IsZeroWidth;
                    if (isStart && leavesStart && node.Parts[i].MayBeEmpty && node.Parts.Skip(i + 1).Any(part => part.HasBegin))
                        throw Refused("'^' behind something that may be empty is not supported.");
                    isStart &= !leavesStart;
                }

                for (int i = starts.Length - 1; i >= 0; i--)
                    rest = Build(node.Parts[i], rest, starts[i]);
                return rest;
            case NodeKind.Repeat when node.Max == 1:
                return node.Min == 1 ? Build(node.Parts[0], rest, atStart) : _pool.Or(rest, Build(node.Parts[0], rest, atStart));
            case NodeKind.Repeat when node.Max <= 16 && !node.HasBegin:
                Pattern result = rest;
                for (int times = node.Max; times > 0; times--)
                    result = times > node.Min ? _pool.Or(rest, Build(node.Parts[0], result, false)) : Build(node.Parts[0], result, false);
                return result;
            default:
                throw Refused("an assertion inside of a repetition is not supported.");
        }
    }

    private static bool IsBoundary(Node node) => node.Kind is NodeKind.Boundary or NodeKind.NotBoundary;

    /// <summary>What stands before a boundary of words ends with a letter of one, and what follows begins with none; or the other way
    /// round.</summary>
    private Pattern BuildBoundary(Node sequence, int at, Pattern rest, bool atStart)
    {
        bool hasBegin = at > 0 && sequence.Parts[0].Kind == NodeKind.Begin;
        if (hasBegin && !atStart)
            return _pool.Nothing;
        Node before = new(NodeKind.Sequence, sequence.Parts[(hasBegin ? 1 : 0)..at]);
        bool isFirst = before.Parts.Length == 0 && atStart;
        if (before.HasAssertion || (before.MayBeEmpty && !isFirst))
            throw Refused("\\b is not supported behind what may be empty.");
        Pattern text = Plain(before);
        Pattern follows = Build(new Node(NodeKind.Sequence, sequence.Parts[(at + 1)..]), rest, false);
        Pattern letter = _pool.Class(CodeSets.Word);
        Pattern other = _pool.Class(CodeSets.Word.Complement());
        Pattern endsInside = _pool.And(text, _pool.Sequence(_pool.Everything, letter));
        Pattern endsOutside = isFirst ? text : _pool.And(text, _pool.Sequence(_pool.Everything, other));
        Pattern goesInside = _pool.And(follows, _pool.Sequence(letter, _pool.Everything));
        Pattern goesOutside = _pool.And(follows, _pool.Or(_pool.Empty, _pool.Sequence(other, _pool.Everything)));
        return sequence.Parts[at].Kind == NodeKind.Boundary
            ? _pool.Or(_pool.Sequence(endsInside, goesOutside), _pool.Sequence(endsOutside, goesInside))
            : _pool.Or(_pool.Sequence(endsInside, goesInside), _pool.Sequence(endsOutside, goesOutside));
    }

    private Node Alternatives()
    {
        if (++_depth > MaxDepth)
            throw Refused("it is nested too deeply.");
        List<Node> parts = [Concatenation()];
        while (_at < _text.Length && _text[_at] == '|')
        {
            _at++;
            parts.Add(Concatenation());
        }

        _depth--;
        return parts.Count == 1 ? parts[0] : new Node(NodeKind.Or, [.. parts]);
    }

    private Node Concatenation()
    {
        List<Node> parts = [];
        while (_at < _text.Length && _text[_at] is not ('|' or ')'))
            parts.Add(Quantified(Atom()));
        return parts.Count == 1 ? parts[0] : parts.Count == 0 ? LeafOf(_pool.Empty) : new Node(NodeKind.Sequence, [.. parts]);
    }

    private Node Quantified(Node atom)
    {
        while (_at < _text.Length)
        {
            (int Min, int Max)? bounds = _text[_at] switch
            {
                '*' => (0, Pattern.Unbounded),
                '+' => (1, Pattern.Unbounded),
                '?' => (0, 1),
                '{' => Bounds(),
                _ => null,
            };
            if (bounds is not { } times)
                return atom;
            if (_text[_at] != '{')
                _at++;
            else
                _at = _text.IndexOf('}', _at) + 1;
            if (_at < _text.Length && _text[_at] == '?')
                _at++;
            else if (_at < _text.Length && _text[_at] == '+')
                throw Refused("a possessive quantifier is not supported.");
            if (times.Min > times.Max)
                throw Refused($"the bounds of {{{times.Min},{times.Max}}} are in the wrong order.");
            atom = new Node(NodeKind.Repeat, [atom], null, times.Min, times.Max);
        }

        return atom;
    }

    /// <summary>The bounds in braces; null where the brace is one of the text.</summary>
    private (int Min, int Max)? Bounds()
    {
        int end = _text.IndexOf('}', _at);
        if (end < 0)
            return null;
        string[] parts = _text[(_at + 1)..end].Split(',');
        if (parts.Length > 2 || !parts.All(part => part.All(char.IsAsciiDigit)) || (parts[0].Length == 0 && parts.Length == 1))
            return null;
        if (parts.Length == 2 && parts[0].Length == 0)
            return null;
        int min = Number(parts[0]);
        return (min, parts.Length == 1 ? min : parts[1].Length == 0 ? Pattern.Unbounded : Number(parts[1]));
    }

    private int Number(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < 100_000_000
            ? number
            : throw Refused($"the bound {digits} is too large.");

    private Node LeafOf(Pattern pattern) => new(NodeKind.Leaf, [], pattern);

    private Node ClassOf(CodeSet set) => LeafOf(_pool.Class(set));

    private Node Atom()
    {
        char c = _text[_at];
        switch (c)
        {
            case '(':
                return Group();
            case '[':
                return ClassOf(Bracket());
            case '.':
                _at++;
                return ClassOf(CodeSets.NotLineEnd);
            case '^':
                _at++;
                return new Node(NodeKind.Begin, []);
            case '$':
                _at++;
                return new Node(NodeKind.End, []);
            case '*' or '+' or '?':
                throw Refused($"nothing to repeat at {_at}.");
            case '\\':
                _at++;
                if (_at < _text.Length && _text[_at] is 'b' or 'B')
                    return new Node(_text[_at++] == 'b' ? NodeKind.Boundary : NodeKind.NotBoundary, []);
                return ClassOf(Escape(inBracket: false));
            default:
                return ClassOf(CodeSet.Single(CodePoint()));
        }
    }

    private Node Group()
    {
        _at++;
        NodeKind? look = null;
        if (_at < _text.Length && _text[_at] == '?')
        {
            string rest = _text[(_at + 1)..Math.Min(_at + 4, _text.Length)];
            if (rest.StartsWith(':'))
            {
                _at += 2;
            }
            else if (rest.StartsWith('=') || rest.StartsWith('!'))
            {
                look = rest[0] == '=' ? NodeKind.Ahead : NodeKind.NotAhead;
                _at += 2;
            }
            else if (rest.StartsWith("<=", StringComparison.Ordinal) || rest.StartsWith("<!", StringComparison.Ordinal))
            {
                throw Refused("looking behind is not supported.");
            }
            else if ((rest.StartsWith('<') || rest.StartsWith("P<", StringComparison.Ordinal))
                && _text.IndexOf('>', _at) is > 0 and var end)
            {
                _at = end + 1;
            }
            else
            {
                throw Refused($"the group \"(?{(rest.Length > 0 ? rest[..1] : "")}\" is not supported.");
            }
        }

        Node inner = Alternatives();
        if (_at >= _text.Length)
            throw Refused("a group is not closed.");
        _at++;
        return look is { } kind ? new Node(kind, [inner]) : inner;
    }

    private CodeSet Bracket()
    {
        _at++;
        bool isNegated = _at < _text.Length && _text[_at] == '^';
        if (isNegated)
            _at++;
        CodeSet set = CodeSet.None;
        while (true)
        {
            if (_at >= _text.Length)
                throw Refused("a class is not closed.");
            if (_text[_at] == ']')
                break;
            CodeSet first = Member();
            if (_at + 1 < _text.Length && _text[_at] == '-' && _text[_at + 1] != ']')
            {
                int dash = _at++;
                CodeSet last = Member();
                if (IsSingle(first, out int low) && IsSingle(last, out int high))
                {
                    if (low > high)
                        throw Refused($"the range at {dash} is in the wrong order.");
                    set = set.Union(CodeSet.Of((low, high)));
                }
                else
                {
                    set = set.Union(first).Union(last).Union(CodeSet.Single('-'));
                }
            }
            else
            {
                set = set.Union(first);
            }
        }

        _at++;
        return isNegated ? set.Complement() : set;
    }

    private static bool IsSingle(CodeSet set, out int code)
    {
        code = set.RangeCount == 1 ? set.Range(0).First : -1;
        return set.RangeCount == 1 && set.Range(0).Last == code;
    }

    private CodeSet Member()
    {
        if (_at >= _text.Length)
            throw Refused("a class is not closed.");
        if (_text[_at] != '\\')
            return CodeSet.Single(CodePoint());
        _at++;
        return Escape(inBracket: true);
    }

    private CodeSet Escape(bool inBracket)
    {
        if (_at >= _text.Length)
            throw Refused("it ends with a backslash.");
        char c = _text[_at];
        if (!char.IsAscii(c))
            return CodeSet.Single(CodePoint());
        _at++;
        switch (c)
        {
            case 'd':
                return CodeSets.Digits;
            case 'D':
                return CodeSets.Digits.Complement();
            case 'w':
                return CodeSets.Word;
            case 'W':
                return CodeSets.Word.Complement();
            case 's':
                return CodeSets.Space;
            case 'S':
                return CodeSets.Space.Complement();
            case 'n':
                return CodeSet.Single('\n');
            case 'r':
                return CodeSet.Single('\r');
            case 't':
                return CodeSet.Single('\t');
            case 'f':
                return CodeSet.Single('\f');
            case 'v':
                return CodeSet.Single('\v');
            case 'b' when inBracket:
                return CodeSet.Single('\b');
            case '0' when _at >= _text.Length || !char.IsAsciiDigit(_text[_at]):
                return CodeSet.Single(0);
            case 'x':
                return CodeSet.Single(Hex(2));
            case 'u':
                return CodeSet.Single(Unicode());
            case 'c' when _at < _text.Length && char.IsAsciiLetter(_text[_at]):
                return CodeSet.Single(_text[_at++] % 32);
            case 'p' or 'P':
                return Property(c == 'P');
            default:
                if (char.IsAsciiLetterOrDigit(c))
                    throw Refused($"\\{c} is not supported.");
                return CodeSet.Single(c);
        }
    }

    private CodeSet Property(bool isNegated)
    {
        int end = _at < _text.Length && _text[_at] == '{' ? _text.IndexOf('}', _at) : -1;
        string name = end > 0 ? _text[(_at + 1)..end] : _at < _text.Length ? _text[_at..(_at + 1)] : "";
        _at = end > 0 ? end + 1 : _at + name.Length;
        CodeSet set = CodeSets.Category(name) ?? throw Refused($"the property \"{name}\" is not supported.");
        return isNegated ? set.Complement() : set;
    }

    private int Unicode()
    {
        if (_at < _text.Length && _text[_at] == '{')
        {
            int end = _text.IndexOf('}', _at);
            ReadOnlySpan<char> digits = end > 0 ? _text.AsSpan(_at + 1, end - _at - 1) : [];
            if (int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code)
                && code is >= 0 and <= CodeSet.Last)
            {
                _at = end + 1;
                return code;
            }

            throw Refused("\\u{…} is malformed.");
        }

        int first = Hex(4);
        if (char.IsHighSurrogate((char)first) && _at + 1 < _text.Length && _text[_at] == '\\' && _text[_at + 1] == 'u')
        {
            int before = _at;
            _at += 2;
            int second = Hex(4);
            if (char.IsLowSurrogate((char)second))
                return char.ConvertToUtf32((char)first, (char)second);
            _at = before;
        }

        return first;
    }

    private int Hex(int digits)
    {
        if (_at + digits > _text.Length
            || !int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code))
        {
            throw Refused($"{digits} hexadecimal digits are missing at {_at}.");
        }

        _at += digits;
        return code;
    }

    private int CodePoint()
    {
        if (Rune.TryGetRuneAt(_text, _at, out Rune rune))
        {
            _at += rune.Utf16SequenceLength;
            return rune.Value;
        }

        throw Refused($"a character at {_at} is half of a pair.");
    }
}
