namespace QwenSharp.Agent.Permissions.Shell;

/// <summary>
/// Reads a command line as Bash does, and finds every simple command in it: in lists, pipes, groups, loops, functions, substitutions and
/// here-documents. What it is not sure to read as Bash does, it refuses.
/// </summary>
internal sealed partial class ShellParser
{
    private const int MostNested = 100;
    private const int MostCharacters = 200_000;

    private static readonly HashSet<string> Closing = ["then", "elif", "else", "fi", "do", "done", "esac", "}", "in"];

    private readonly string _text;
    private readonly List<SimpleCommand> _found;
    private readonly List<(string End, bool IsQuoted, bool StripsTabs)> _heredocs = [];
    private int _depth;
    private int _at;

    private ShellParser(string text, List<SimpleCommand> found, int depth) => (_text, _found, _depth) = (text, found, depth);

    /// <summary>The simple commands of a command line, in the order in which they end.</summary>
    /// <exception cref="ShellSyntaxException">It cannot be read for sure.</exception>
    public static IReadOnlyList<SimpleCommand> Parse(string text)
    {
        List<SimpleCommand> found = [];
        Parse(text, found, 0);
        return found;
    }

    private static void Parse(string text, List<SimpleCommand> found, int depth)
    {
        if (text.Length > MostCharacters || text.Contains('\0'))
            throw new ShellSyntaxException("is too long, or has a zero character in it");

        ShellParser parser = new(text, found, depth);
        parser.List();
        if (parser._at < text.Length)
            throw parser.Unexpected();
    }

    private char Current => _at < _text.Length ? _text[_at] : '\0';

    private char Next => _at + 1 < _text.Length ? _text[_at + 1] : '\0';

    // Commands up to a word or character that cannot begin one; whoever called says whether that may stand there.
    private void List()
    {
        Enter();
        for (; ; )
        {
            SkipLines();
            if (_at == _text.Length || Current is ')' or ';' or '&' or '|' || Closing.Contains(Reserved()))
                break;

            Pipeline();
            SkipBlanks();
            if (TakeIf("&&") || TakeIf("||"))
                continue;

            if (Current == ';' && Next != ';')
                _at++;
            else if (Current == '&')
                _at++;
            else if (Current != '\n')
                break;
        }

        _depth--;
    }

    private void Pipeline()
    {
        while (Reserved() is "!" or "time")
        {
            _at += Reserved().Length;
            SkipBlanks();
            if (TakeIf("-p"))
                SkipBlanks();
        }

        bool isPipedInto = false;
        do
        {
            SkipLines();
            Command(isPipedInto);
            SkipBlanks();
            isPipedInto = true;
        }
        while (Current == '|' && Next != '|' && (TakeIf("|&") || TakeIf("|")));
    }

    private void Command(bool isPipedInto)
    {
        Enter();
        switch (Reserved())
        {
            case "{":
                Take("{");
                List();
                Take("}");
                RedirectionsAfter();
                break;
            case "if":
                If();
                break;
            case "while" or "until":
                _at += Reserved().Length;
                _found.Add(new SimpleCommand { Words = [Construct("while")] });
                List();
                Loop();
                break;
            case "for" or "select":
                For();
                break;
            case "case":
                Case();
                break;
            case "function":
                Function();
                break;
            case "[[":
                Condition();
                break;
            case "coproc":
                throw new ShellSyntaxException("runs a coprocess");
            default:
                if (Current == '(')
                    Subshell();
                else
                    Simple(isPipedInto);

                break;
        }

        _depth--;
    }

    private void Subshell()
    {
        if (Next == '(')
        {
            int start = _at;
            _at += 2;
            Arithmetic("((");
            _found.Add(new SimpleCommand { Words = [Construct("(("), ShellWord.Known(_text[start.._at])] });
        }
        else
        {
            Take("(");
            List();
            Take(")");
        }

        RedirectionsAfter();
    }

    private void If()
    {
        Take("if");
        List();
        Take("then");
        List();
        while (Reserved() == "elif")
        {
            Take("elif");
            List();
            Take("then");
            List();
        }

        if (Reserved() == "else")
        {
            Take("else");
            List();
        }

        Take("fi");
        RedirectionsAfter();
    }

    private void Loop()
    {
        Take("do");
        List();
        Take("done");
        RedirectionsAfter();
    }

    private void For()
    {
        _at += Reserved().Length;
        SkipBlanks();
        string name = Name();
        SkipLines();
        if (Reserved() == "in")
        {
            Take("in");
            for (SkipBlanks(); Current is not (';' or '\n' or '\0'); SkipBlanks())
                Word();
        }

        SkipBlanks();
        if (Current == ';')
            _at++;

        SkipLines();
        _found.Add(new SimpleCommand { Words = [Construct("for")] });
        _found.Add(new SimpleCommand { Assignments = [(name, ShellWord.Known("") with { IsKnown = false })] });
        Loop();
    }

    private void Case()
    {
        Take("case");
        SkipBlanks();
        Word();
        SkipLines();
        Take("in");
        for (SkipLines(); Reserved() != "esac"; SkipLines())
        {
            if (Current == '(')
                _at++;

            do
            {
                SkipBlanks();
                Word();
                SkipBlanks();
            }
            while (TakeIf("|"));

            Take(")");
            List();
            if (!TakeIf(";;&") && !TakeIf(";;") && !TakeIf(";&") && Reserved() != "esac")
                throw Unexpected();
        }

        Take("esac");
        RedirectionsAfter();
    }

    // A function gives a name another meaning, so it counts as a command of its own.
    private void Function()
    {
        Take("function");
        SkipBlanks();
        string name = Word().Text;
        SkipBlanks();
        if (Current == '(')
        {
            Take("(");
            SkipBlanks();
            Take(")");
        }

        FunctionBody(name);
    }

    private void FunctionBody(string name)
    {
        _found.Add(new SimpleCommand { Words = [Construct("function"), ShellWord.Known(name)] });
        SkipLines();
        Command(isPipedInto: true);
    }

    private void Condition()
    {
        Take("[[");
        List<ShellWord> words = [Construct("[[")];
        for (SkipLines(); Reserved() != "]]"; SkipLines())
        {
            if (_at == _text.Length)
                throw Unexpected();

            if (Current is '&' or '|' or '<' or '>' or '(' or ')' or ';' && !(Current is '<' or '>' && Next == '('))
                words.Add(ShellWord.Known(_text[_at++].ToString()));
            else
                words.Add(Word());
        }

        Take("]]");
        _found.Add(new SimpleCommand { Words = words });
        RedirectionsAfter();
    }

    private void Simple(bool isPipedInto)
    {
        List<(string, ShellWord)> assignments = [];
        List<ShellWord> words = [];
        List<ShellRedirection> redirections = [];
        int start = _at;
        for (; ; )
        {
            SkipBlanks();
            if (Redirection() is { } redirection)
            {
                redirections.Add(redirection);
            }
            else if (Current is '\0' or '\n' or ';' or '&' or '|' or ')')
            {
                break;
            }
            else if (Current == '(')
            {
                if (words.Count != 1 || assignments.Count + redirections.Count > 0)
                    throw Unexpected();

                Take("(");
                SkipBlanks();
                Take(")");
                FunctionBody(words[0].Text);
                return;
            }
            else if (words.Count == 0 && AssignedName() is { } name)
            {
                assignments.Add((name, Current is '\0' or '\n' or ' ' or '\t' or ';' or '&' or '|' or ')' ? ShellWord.Known("") : Value()));
            }
            else
            {
                words.Add(Word());
            }
        }

        if (_at == start)
            throw Unexpected();

        _found.Add(new SimpleCommand
        {
            Assignments = assignments,
            Words = words,
            Redirections = redirections,
            IsPipedInto = isPipedInto,
        });
    }

    // An array runs what its subscripts say; only plain values are read.
    private ShellWord Value() => Current == '(' ? throw new ShellSyntaxException("sets an array") : Word();

    private string? AssignedName()
    {
        int end = _at;
        while (end < _text.Length && (char.IsAsciiLetterOrDigit(_text[end]) || _text[end] == '_'))
            end++;

        if (end == _at || end == _text.Length || char.IsAsciiDigit(_text[_at]))
            return null;

        string name = _text[_at..end];
        int close = _text[end] == '[' ? _text.IndexOf(']', end) : -1;
        if (close > 0 && _text.AsSpan(close + 1).TrimStart('+') is ['=', ..])
            throw new ShellSyntaxException("sets an array");

        int equals = _text[end] == '+' ? end + 1 : end;
        if (equals == _text.Length || _text[equals] != '=')
            return null;

        _at = equals + 1;
        return name;
    }

    private void RedirectionsAfter()
    {
        List<ShellRedirection> redirections = [];
        for (SkipBlanks(); Redirection() is { } redirection; SkipBlanks())
            redirections.Add(redirection);

        if (redirections.Count > 0)
            _found.Add(new SimpleCommand { Redirections = redirections });
    }

    private static ShellWord Construct(string opening) => ShellWord.Known(opening) with { IsKnown = false, Prefix = opening };

    private void Enter()
    {
        if (++_depth > MostNested)
            throw new ShellSyntaxException("is nested too deeply");
    }

    private ShellSyntaxException Unexpected() => new(_at >= _text.Length
        ? "ends where more must follow"
        : $"has \"{_text[_at..Math.Min(_at + 12, _text.Length)].ReplaceLineEndings(" ")}\" where it cannot be read for sure");
}
