namespace QwenSharp.Agent.Permissions.Shell;

/// <summary>Words: quotes, variables, substitutions.</summary>
internal sealed partial class ShellParser
{
    private ShellWord Word()
    {
        Enter();
        int start = _at;
        WordBuilder word = new();
        while (_at < _text.Length)
        {
            switch (Current)
            {
                case ' ' or '\t' or '\n' or ';' or '&' or '|' or '(' or ')':
                    return End();
                case '<' or '>' when Next == '(':
                    Substitution(word, 2, maySplit: false);
                    break;
                case '<' or '>':
                    // A variable that gets the number of a descriptor: it is set by what looks like a word.
                    return _text[start.._at] is ['{', .., '}'] ? throw new ShellSyntaxException("sets a variable by a redirection") : End();
                case '\'':
                    Literal(word);
                    break;
                case '"':
                    DoubleQuoted(word);
                    break;
                case '\\' when Next == '\n':
                    _at += 2;
                    break;
                case '\\' when _at + 1 < _text.Length:
                    word.Add(Next);
                    _at += 2;
                    break;
                case '$':
                    Dollar(word, isQuoted: false);
                    break;
                case '`':
                    Backticks(word, isQuoted: false);
                    break;
                case '[' when word.IsEmpty && Next is (' ' or '\t'):
                    word.Add(_text[_at++]);
                    break;
                case '*' or '?' or '[':
                    word.AddGlob(_text[_at++]);
                    break;
                case '{' when IsBraceExpansion():
                    word.AddUnknown("{", maySplit: true);
                    _at++;
                    break;
                case '~' when word.IsEmpty:
                    Tilde(word);
                    break;
                default:
                    word.Add(_text[_at++]);
                    break;
            }
        }

        return End();

        ShellWord End()
        {
            _depth--;
            return word.IsEmpty ? throw Unexpected() : word.Build(_text[start.._at]);
        }
    }

    private void Literal(WordBuilder word)
    {
        int end = _text.IndexOf('\'', _at + 1);
        if (end < 0)
            throw new ShellSyntaxException("has a quote that is not closed");

        word.AddQuotes();
        foreach (char character in _text.AsSpan(_at + 1, end - _at - 1))
            word.Add(character);

        _at = end + 1;
    }

    private void DoubleQuoted(WordBuilder word)
    {
        _at++;
        word.AddQuotes();
        while (Current != '"')
        {
            if (_at >= _text.Length)
                throw new ShellSyntaxException("has a quote that is not closed");

            Expandable(word, ends: '"');
        }

        _at++;
    }

    // One piece of a text in which variables and substitutions mean something and blanks do not.
    private void Expandable(WordBuilder word, char ends)
    {
        switch (Current)
        {
            case '\\' when Next == '\n':
                _at += 2;
                break;
            case '\\' when Next is '$' or '`' or '\\' || (ends == '"' && Next == '"'):
                word.Add(Next);
                _at += 2;
                break;
            case '$':
                Dollar(word, isQuoted: true);
                break;
            case '`':
                Backticks(word, isQuoted: ends == '"');
                break;
            default:
                word.Add(_text[_at++]);
                break;
        }
    }

    private void Dollar(WordBuilder word, bool isQuoted)
    {
        int start = _at++;
        while (Current == '\\' && Next == '\n')
            _at += 2;

        switch (Current)
        {
            case '\'' when !isQuoted:
                _at = AnsiQuotes.Read(_text, _at + 1, word);
                break;
            case '"' when !isQuoted:
                DoubleQuoted(word);
                break;
            case '(' when Next == '(':
                _at += 2;
                Arithmetic("$((");
                _found.Add(new SimpleCommand { Words = [Construct("$(("), ShellWord.Known(_text[start.._at])] });
                word.AddUnknown(_text.AsSpan(start.._at), !isQuoted);
                break;
            case '(':
                Substitution(word, _at + 1 - start, !isQuoted, start);
                break;
            case '{':
                Parameter(word, start, isQuoted);
                break;
            case '[':
                throw new ShellSyntaxException("has arithmetic in brackets");
            case '_' or (>= 'a' and <= 'z') or (>= 'A' and <= 'Z'):
                Name();
                word.AddUnknown(_text.AsSpan(start.._at), !isQuoted);
                break;
            case '@' or '*' or '#' or '?' or '-' or '$' or '!' or (>= '0' and <= '9'):
                bool isList = Current is '@' or '*';
                _at++;
                word.AddUnknown(_text.AsSpan(start.._at), !isQuoted || isList);
                break;
            default:
                word.Add('$');
                break;
        }
    }

    private void Substitution(WordBuilder word, int opening, bool maySplit, int start = -1)
    {
        if (_heredocs.Count > 0)
            throw new ShellSyntaxException("has a substitution before the text of a here-document");

        start = start < 0 ? _at : start;
        _at = start + opening;
        List();
        if (_heredocs.Count > 0)
            throw new ShellSyntaxException("has a here-document without its text");

        Take(")");
        word.AddUnknown(_text.AsSpan(start.._at), maySplit);
    }

    private void Backticks(WordBuilder word, bool isQuoted)
    {
        int start = _at++;
        System.Text.StringBuilder inner = new();
        for (; Current != '`'; _at++)
        {
            if (_at >= _text.Length)
                throw new ShellSyntaxException("has a backtick that is not closed");

            if (Current == '\\' && (Next is '`' or '\\' or '$' || (isQuoted && Next == '"')))
                _at++;

            inner.Append(Current);
        }

        _at++;
        Parse(inner.ToString(), _found, _depth + 1);
        word.AddUnknown(_text.AsSpan(start.._at), !isQuoted);
    }

    private void Parameter(WordBuilder word, int start, bool isQuoted)
    {
        int from = ++_at;
        WordBuilder ignored = new();
        while (Current != '}')
        {
            switch (Current)
            {
                case '\0':
                    throw new ShellSyntaxException("has a brace that is not closed");
                case '\'' when isQuoted:
                case '<' or '>' when Next == '(':
                    throw new ShellSyntaxException("has a variable whose end is not sure");
                case '\'':
                    Literal(ignored);
                    break;
                case '"':
                    DoubleQuoted(ignored);
                    break;
                case '\\':
                    _at += 2;
                    break;
                case '$':
                    Dollar(ignored, isQuoted);
                    break;
                case '`':
                    Backticks(ignored, isQuoted);
                    break;
                default:
                    _at++;
                    break;
            }

            if (_at > _text.Length)
                throw Unexpected();
        }

        if (!ParameterForms.IsPlain(_text.AsSpan(from.._at)))
            _found.Add(new SimpleCommand { Words = [Construct("${"), ShellWord.Known(_text[from.._at])] });

        bool isList = _text.AsSpan(from.._at).IndexOfAny("@*") >= 0;
        _at++;
        word.AddUnknown(_text.AsSpan(start.._at), !isQuoted || isList);
    }

    // Up to the two brackets that end it. Variables in it are evaluated as arithmetic too, which may run what stands in them.
    private void Arithmetic(string opening)
    {
        Enter();
        WordBuilder ignored = new();
        for (int depth = 0; !(depth == 0 && Current == ')' && Next == ')');)
        {
            switch (Current)
            {
                case '\0' or ';' or '\n' or '\'' or '"' or '\\' or '#':
                    throw new ShellSyntaxException($"has {opening} and is not sure to be arithmetic");
                case ')' when depth == 0:
                    throw new ShellSyntaxException($"has {opening} and is not sure to be arithmetic");
                case '$':
                    Dollar(ignored, isQuoted: true);
                    break;
                case '`':
                    Backticks(ignored, isQuoted: false);
                    break;
                default:
                    depth += Current switch { '(' => 1, ')' => -1, _ => 0 };
                    _at++;
                    break;
            }
        }

        _at += 2;
        _depth--;
    }

    // "{a,b}" and "{1..3}" make several words; "{}" and the "{0}" of "stash@{0}" do not.
    private bool IsBraceExpansion()
    {
        int end = _at + 1;
        while (end < _text.Length && (char.IsAsciiLetterOrDigit(_text[end]) || _text[end] is '-' or '_'))
            end++;

        return end == _text.Length || _text[end] != '}';
    }

    private void Tilde(WordBuilder word)
    {
        bool isHome = Next is '\0' or '/' or ' ' or '\t' or '\n' or ';' or '&' or '|' or '(' or ')' or '<' or '>' or ':';
        if (isHome)
        {
            word.MarkHome();
            word.Add('~');
        }
        else
        {
            word.AddUnknown("~", maySplit: false);
        }

        _at++;
    }
}
