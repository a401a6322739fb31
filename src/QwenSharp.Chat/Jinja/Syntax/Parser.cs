using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Syntax;

/// <summary>Reads a whole template: text, <c>{{ }}</c> and the statements of <c>{% %}</c>.</summary>
internal sealed class Parser : ExpressionParser
{
    private readonly Stack<string> _open = new();
    private int _loops;

    private Parser(TokenStream tokens)
        : base(tokens)
    {
    }

    public static IReadOnlyList<Statement> Parse(string source)
    {
        Parser parser = new(new TokenStream(Lexer.Tokenize(source)));
        return parser.Body();
    }

    /// <summary>
    /// Statements up to one of the tags in <paramref name="ends"/>, whose name is then the current token; to the end of the template if
    /// there are none.
    /// </summary>
    private List<Statement> Body(params string[] ends)
    {
        Tokens.CheckDepth();
        List<Statement> body = [];
        while (true)
        {
            Token token = Tokens.Current;
            switch (token.Kind)
            {
                case TokenKind.Data:
                    body.Add(new TemplateData(Tokens.Next().Value));
                    break;
                case TokenKind.VariableBegin:
                    Tokens.Next();
                    body.Add(new Print(Tuple()));
                    Tokens.Expect(TokenKind.VariableEnd);
                    break;
                case TokenKind.BlockBegin:
                    Tokens.Next();
                    if (Tokens.Current.Kind == TokenKind.Name && ends.Contains(Tokens.Current.Value))
                        return body;

                    body.AddRange(Block(ends));
                    Tokens.Expect(TokenKind.BlockEnd);
                    break;
                default:
                    return ends.Length == 0
                        ? body
                        : throw Tokens.Error(
                            $"Unexpected end of template. Jinja was looking for the following tags: {OneOf(ends)}. "
                                + $"The innermost block that needs to be closed is {Repr.Quote(_open.Peek())}.");
            }
        }
    }

    private IEnumerable<Statement> Block(string[] ends)
    {
        Token tag = Tokens.Current.Kind == TokenKind.Name ? Tokens.Next() : throw Tokens.Error("tag name expected");
        _open.Push(tag.Value);
        IEnumerable<Statement> statements = tag.Value switch
        {
            "if" => [IfBlock()],
            "for" => [ForBlock()],
            "set" => [SetStatement()],
            "macro" => [MacroBlock()],
            "call" => [CallStatement(tag.Line)],
            "filter" => [FilterStatement()],
            "with" => [WithBlock()],
            // transformers' mark around what the model itself wrote; it changes nothing in the text.
            "generation" => [new With([], Closed("endgeneration"))],
            "print" => PrintStatement(),
            "break" or "continue" when _loops > 0 => [new Jump(tag.Value == "break" ? Flow.Break : Flow.Continue)],
            "break" or "continue" => throw Tokens.Error($"{Repr.Quote(tag.Value)} outside loop", tag.Line),
            "include" or "import" or "from" or "extends" or "block" => throw Tokens.Error(
                $"The tag {Repr.Quote(tag.Value)} joins templates, and a chat template stands alone.",
                tag.Line),
            _ => throw Unknown(tag, ends),
        };
        _open.Pop();
        return statements;
    }

    private If IfBlock()
    {
        List<(Expression, IReadOnlyList<Statement>)> branches = [];
        List<Statement> otherwise = [];
        do
        {
            Expression test = Tuple(conditional: false);
            branches.Add((test, Conditional("elif", "else", "endif")));
        }
        while (Tokens.SkipName("elif"));
        if (Tokens.SkipName("else"))
            otherwise = Conditional("endif");

        Tokens.ExpectName("endif");
        return new If(branches, otherwise);
    }

    private List<Statement> Conditional(params string[] ends)
    {
        Conditions++;
        List<Statement> body = Opened(ends);
        Conditions--;
        return body;
    }

    private For ForBlock()
    {
        ITarget target = (ITarget)Target(stop: "in");
        Tokens.ExpectName("in");
        Expression items = Tuple(conditional: false, stop: "recursive");
        Expression? filter = Tokens.SkipName("if") ? Expression() : null;
        bool recursive = Tokens.SkipName("recursive");
        _loops++;
        List<Statement> body = Opened("endfor", "else");
        _loops--;
        List<Statement> otherwise = Tokens.SkipName("else") ? Opened("endfor") : [];
        Tokens.ExpectName("endfor");
        return new For(target, items, filter, recursive, body, otherwise);
    }

    private Statement SetStatement()
    {
        ITarget target = (ITarget)Target(namespaces: true);
        if (Tokens.SkipOperator("="))
            return new Set(target, Tuple());

        FilterCall? filter = null;
        while (Tokens.SkipOperator("|"))
            filter = Filter(filter);

        return new SetBlock(target, filter, Closed("endset"));
    }

    private MacroStatement MacroBlock() => new(Definition(Tokens.Expect(TokenKind.Name).Value, Parameters(), "endmacro"));

    private CallBlock CallStatement(int line)
    {
        List<MacroParameter> parameters = Tokens.Current.IsOperator("(") ? Parameters() : [];
        Call call = Expression() as Call ?? throw Tokens.Error("expected call", line);
        return new CallBlock(call, Definition(string.Empty, parameters, "endcall"));
    }

    private MacroDefinition Definition(string name, List<MacroParameter> parameters, string end)
    {
        (HashSet<string> outer, int loops) = (Mentioned, _loops);
        (Mentioned, _loops) = ([], 0);
        List<Statement> body = Closed(end);
        HashSet<string> mentioned = Mentioned;
        // Jinja looks through inner macros too.
        (Mentioned, _loops) = ([.. outer, .. mentioned], loops);
        return new MacroDefinition(name, parameters, body, mentioned);
    }

    private List<MacroParameter> Parameters()
    {
        Tokens.ExpectOperator("(");
        List<MacroParameter> parameters = [];
        while (!Tokens.Current.IsOperator(")"))
        {
            if (parameters.Count > 0)
                Tokens.ExpectOperator(",");

            string name = Tokens.Expect(TokenKind.Name).Value;
            Expression? fallback = Tokens.SkipOperator("=") ? Expression() : null;
            if (fallback is null && parameters.Count > 0 && parameters[^1].Default is not null)
                throw Tokens.Error("non-default argument follows default argument");

            parameters.Add(new(name, fallback));
        }

        Tokens.ExpectOperator(")");
        return parameters;
    }

    private FilterBlock FilterStatement()
    {
        FilterCall filter = Filter(null);
        while (Tokens.SkipOperator("|"))
            filter = Filter(filter);

        return new FilterBlock(filter, Closed("endfilter"));
    }

    private With WithBlock()
    {
        List<(ITarget, Expression)> targets = [];
        while (Tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (targets.Count > 0)
                Tokens.ExpectOperator(",");

            ITarget target = new Name(Tokens.Current.Line, Tokens.Expect(TokenKind.Name).Value);
            Tokens.ExpectOperator("=");
            targets.Add((target, Expression()));
        }

        return new With(targets, Closed("endwith"));
    }

    private List<Statement> PrintStatement()
    {
        List<Statement> printed = [];
        do
        {
            printed.Add(new Print(Expression()));
        }
        while (Tokens.SkipOperator(","));
        return printed;
    }

    // The rest of the opening tag (a colon is allowed, as in Python), then the body; the end tag's name is the current token.
    private List<Statement> Opened(params string[] ends)
    {
        Tokens.SkipOperator(":");
        Tokens.Expect(TokenKind.BlockEnd);
        return Body(ends);
    }

    private List<Statement> Closed(string end)
    {
        List<Statement> body = Opened(end);
        Tokens.Next();
        return body;
    }

    private TemplateException Unknown(Token tag, string[] ends)
    {
        _open.Pop();
        string looking =
            ends.Length > 0
                ? $" Jinja was looking for the following tags: {OneOf(ends)}. The innermost block that needs to be closed is "
                    + $"{Repr.Quote(_open.Peek())}."
                : string.Empty;
        return Tokens.Error($"Encountered unknown tag {Repr.Quote(tag.Value)}.{looking}", tag.Line);
    }

    private static string OneOf(string[] ends) => string.Join(" or ", ends.Select(Repr.Quote));
}
