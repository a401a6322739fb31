using System.Text;

namespace QwenSharp.Agent.Permissions.Shell;

/// <summary>Blanks, lines, reserved words, redirections and here-documents.</summary>
internal sealed partial class ShellParser
{
    private static readonly string[] RedirectionOperators = ["<<<", "<<-", "<<", "<>", "<&", "&>>", "&>", ">>", ">|", ">&", "<", ">"];

    private void SkipBlanks()
    {
        for (; ; )
        {
            if (Current is ' ' or '\t')
                _at++;
            else if (Current == '\\' && Next == '\n')
                _at += 2;
            else if (Current == '#' && (_at == 0 || _text[_at - 1] is ' ' or '\t' or '\n' or ';' or '&' or '|' or '(' or ')'))
                _at = _text.IndexOf('\n', _at) is >= 0 and int end ? end : _text.Length;
            else
                return;
        }
    }

    private void SkipLines()
    {
        for (SkipBlanks(); Current == '\n'; SkipBlanks())
        {
            _at++;
            foreach ((string end, bool isQuoted, bool stripsTabs) in _heredocs)
                Heredoc(end, isQuoted, stripsTabs);

            _heredocs.Clear();
        }
    }

    // The word that begins here, if it is one that may be reserved: nothing in it is quoted.
    private string Reserved()
    {
        int end = _at;
        while (end < _text.Length && (char.IsAsciiLetter(_text[end]) || _text[end] is '{' or '}' or '!' or '[' or ']'))
            end++;

        return end == _text.Length || " \t\n;&|()<>".Contains(_text[end], StringComparison.Ordinal) ? _text[_at..end] : "";
    }

    private string Name()
    {
        int start = _at;
        while (char.IsAsciiLetterOrDigit(Current) || Current == '_')
            _at++;

        return start < _at ? _text[start.._at] : throw Unexpected();
    }

    private bool TakeIf(string text)
    {
        if (!_text.AsSpan(_at).StartsWith(text))
            return false;

        _at += text.Length;
        return true;
    }

    private void Take(string text)
    {
        SkipBlanks();
        if ((char.IsAsciiLetter(text[0]) || text is "{" or "}" or "[[" or "]]") && Reserved() != text)
            throw Unexpected();

        if (!TakeIf(text))
            throw Unexpected();
    }

    private ShellRedirection? Redirection()
    {
        int start = _at;
        while (char.IsAsciiDigit(Current))
            _at++;

        string? found = Current is '<' or '>' && Next == '(' ? null : RedirectionOperators.FirstOrDefault(TakeIf);
        if (found is null || (found[0] == '&' && start < _at - found.Length))
        {
            _at = start;
            return null;
        }

        SkipBlanks();
        int from = _at;
        ShellWord target = Word();
        if (found is "<<" or "<<-")
        {
            string written = _text[from.._at];
            if (written.AsSpan().IndexOfAny("$`") >= 0)
                throw new ShellSyntaxException("has a here-document whose end is not known");

            _heredocs.Add((target.Text, written != target.Text, found == "<<-"));
        }

        return new ShellRedirection(found, target);
    }

    private void Heredoc(string end, bool isQuoted, bool stripsTabs)
    {
        StringBuilder body = new();
        while (_at < _text.Length)
        {
            int length = _text.AsSpan(_at).IndexOf('\n');
            string line = length < 0 ? _text[_at..] : _text[_at..(_at + length)];
            _at += length < 0 ? line.Length : length + 1;
            line = stripsTabs ? line.TrimStart('\t') : line;
            if (line == end)
                break;

            body.Append(line).Append('\n');
        }

        if (!isQuoted)
            new ShellParser(body.ToString(), _found, _depth).QuotedText();
    }

    // A text in which only variables and substitutions mean something, up to its end.
    private void QuotedText()
    {
        Enter();
        WordBuilder word = new();
        while (_at < _text.Length)
            Expandable(word, ends: '\0');
    }
}
