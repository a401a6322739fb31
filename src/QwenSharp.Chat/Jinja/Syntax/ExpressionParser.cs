using System.Globalization;
using QwenSharp.Chat.Jinja.Builtins;
using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Syntax;

/// <summary>
/// Reads expressions, loosest binding first: if, or, and, not, comparison, + -, ~, * / // %, **, sign, filters and tests.
/// </summary>
internal class ExpressionParser(TokenStream tokens)
{
    private const int MaxNumberLength = 1200;

    /// <summary>Names that macros get without a parameter, as far as they were mentioned.</summary>
    protected HashSet<string> Mentioned { get; set; } = [];

    /// <summary>How many ifs are around: an unknown filter there is an error only if it is reached.</summary>
    protected int Conditions { get; set; }

    protected TokenStream Tokens { get; } = tokens;

    /// <summary>
    /// One expression, or several with commas between, which make a tuple. <paramref name="stop"/> ends a tuple after a comma.
    /// </summary>
    public Expression Tuple(bool conditional = true, string? stop = null, bool parenthesized = false)
    {
        int line = Tokens.Current.Line;
        List<Expression> items = [];
        bool isTuple = false;
        do
        {
            if (
                Tokens.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd
                || Tokens.Current.IsOperator(")")
                || (stop is not null && Tokens.Current.IsName(stop)))
            {
                break;
            }

            items.Add(Expression(conditional));
        }
        while (Tokens.SkipOperator(",") && (isTuple = true));
        if (!isTuple && items.Count == 1)
            return items[0];

        return isTuple || parenthesized ? new SequenceLiteral(line, items, isTuple: true)
            : throw Tokens.Error($"Expected an expression, got {Repr.Quote(Tokens.Current.Description)}");
    }

    public Expression Expression(bool conditional = true)
    {
        Tokens.CheckDepth();
        int line = Tokens.Current.Line;
        Expression value = Or();
        while (conditional && Tokens.SkipName("if"))
        {
            Conditions++;
            Expression test = Or();
            value = new Conditional(line, test, value, Tokens.SkipName("else") ? Expression() : null);
            Conditions--;
        }

        return value;
    }

    protected Expression Target(bool namespaces = false, string? stop = null)
    {
        int line = Tokens.Current.Line;
        List<Expression> items = [];
        bool isTuple = false;
        do
        {
            if (
                items.Count > 0
                && (
                    Tokens.Current.Kind == TokenKind.BlockEnd
                    || (stop is not null && Tokens.Current.IsName(stop))
                    || Tokens.Current.IsOperator("=")))
            {
                break;
            }

            items.Add(SingleTarget(namespaces, stop));
        }
        while (Tokens.SkipOperator(",") && (isTuple = true));
        return isTuple ? new SequenceLiteral(line, items, isTuple: true) : items[0];
    }

    protected FilterCall Filter(Expression? target)
    {
        int line = Tokens.Current.Line;
        string name = DottedName();
        if (!Filters.Exists(name) && Conditions == 0)
            throw Tokens.Error($"No filter named {Repr.Quote(name)}.", line);

        return new FilterCall(line, target, name, Tokens.Current.IsOperator("(") ? Arguments() : ArgumentList.Empty);
    }

    private Expression SingleTarget(bool namespaces, string? stop)
    {
        if (Tokens.SkipOperator("("))
        {
            Tokens.CheckDepth();
            Expression inner = Target(namespaces, stop);
            Tokens.ExpectOperator(")");
            return inner;
        }

        Token token = Tokens.Current;
        if (token.Kind != TokenKind.Name || token.Value is "true" or "false" or "True" or "False" or "none" or "None")
            throw Tokens.Error($"can't assign to {Repr.Quote(token.Description)}");

        Tokens.Next();
        return namespaces && Tokens.SkipOperator(".")
            ? new NamespaceTarget(token.Line, token.Value, Tokens.Expect(TokenKind.Name).Value)
            : new Name(token.Line, token.Value);
    }

    private Expression Or()
    {
        Expression left = And();
        while (Tokens.Current.IsName("or"))
            left = new Logical(Tokens.Next().Line, isAnd: false, left, And());

        return left;
    }

    private Expression And()
    {
        Expression left = Negation();
        while (Tokens.Current.IsName("and"))
            left = new Logical(Tokens.Next().Line, isAnd: true, left, Negation());

        return left;
    }

    private Expression Negation()
    {
        Tokens.CheckDepth();
        return Tokens.Current.IsName("not") ? new Not(Tokens.Next().Line, Negation()) : Comparison();
    }

    private Expression Comparison()
    {
        int line = Tokens.Current.Line;
        Expression first = Sum();
        List<(string, Expression)> rest = [];
        while (true)
        {
            Token token = Tokens.Current;
            if (token.Kind == TokenKind.Operator && token.Value is "==" or "!=" or "<" or "<=" or ">" or ">=" || token.IsName("in"))
            {
                Tokens.Next();
                rest.Add((token.Value, Sum()));
            }
            else if (token.IsName("not") && Tokens.Ahead.IsName("in"))
            {
                Tokens.Next();
                Tokens.Next();
                rest.Add(("not in", Sum()));
            }
            else
            {
                return rest.Count == 0 ? first : new Compare(line, first, rest);
            }
        }
    }

    private Expression Sum() => LeftAssociative(Concatenation, "+", "-");

    private Expression Concatenation()
    {
        int line = Tokens.Current.Line;
        List<Expression> parts = [Product()];
        while (Tokens.SkipOperator("~"))
            parts.Add(Product());

        return parts.Count == 1 ? parts[0] : new Concatenation(line, parts);
    }

    private Expression Product() => LeftAssociative(Power, "*", "/", "//", "%");

    // Unlike in Python, a chain of ** is computed from the left.
    private Expression Power() => LeftAssociative(() => Signed(filters: true), "**");

    private Expression LeftAssociative(Func<Expression> operand, params ReadOnlySpan<string> operators)
    {
        Expression left = operand();
        while (Tokens.Current.Kind == TokenKind.Operator && operators.Contains(Tokens.Current.Value))
        {
            Token op = Tokens.Next();
            left = new Binary(op.Line, op.Value, left, operand());
        }

        return left;
    }

    private Expression Signed(bool filters)
    {
        Tokens.CheckDepth();
        Token token = Tokens.Current;
        bool signed = token.IsOperator("-") || token.IsOperator("+");
        if (signed)
            Tokens.Next();

        Expression value = Postfix(signed ? new Unary(token.Line, token.Value == "-", Signed(filters: false)) : Primary());
        return filters ? FiltersAndTests(value) : value;
    }

    private Expression Primary()
    {
        Token token = Tokens.Next();
        switch (token.Kind)
        {
            case TokenKind.Name when token.Value is "true" or "True" or "false" or "False":
                return new Constant(token.Line, token.Value is "true" or "True");
            case TokenKind.Name when token.Value is "none" or "None":
                return new Constant(token.Line, null);
            case TokenKind.Name:
                if (token.Value is "caller" or "kwargs" or "varargs")
                    Mentioned.Add(token.Value);

                return new Name(token.Line, token.Value);
            case TokenKind.String:
                string text = token.Value;
                while (Tokens.Current.Kind == TokenKind.String)
                    text += Tokens.Next().Value;

                return new Constant(token.Line, Text.FromTemplate(text));
            case TokenKind.Integer or TokenKind.Float when token.Value.Length > MaxNumberLength:
                throw Tokens.Error($"a number has more than {MaxNumberLength} digits", token.Line);
            case TokenKind.Integer:
                return new Constant(token.Line, NumberLiteral.Integer(token.Value));
            case TokenKind.Float:
                return new Constant(token.Line, double.Parse(token.Value, CultureInfo.InvariantCulture));
            case TokenKind.Operator when token.Value == "(":
                Expression inner = Tuple(parenthesized: true);
                Tokens.ExpectOperator(")");
                return inner;
            case TokenKind.Operator when token.Value == "[":
                return new SequenceLiteral(token.Line, Items("]", () => Expression()), isTuple: false);
            case TokenKind.Operator when token.Value == "{":
                return new MappingLiteral(token.Line, Items("}", Pair));
            default:
                throw Tokens.Error($"unexpected {Repr.Quote(token.Description)}", token.Line);
        }
    }

    private (Expression Key, Expression Value) Pair()
    {
        Expression key = Expression();
        Tokens.ExpectOperator(":");
        return (key, Expression());
    }

    private List<T> Items<T>(string close, Func<T> item)
    {
        List<T> items = [];
        while (!Tokens.SkipOperator(close))
        {
            if (items.Count > 0)
            {
                Tokens.ExpectOperator(",");
                if (Tokens.SkipOperator(close))
                    break;
            }

            items.Add(item());
        }

        return items;
    }

    private Expression Postfix(Expression value)
    {
        while (true)
        {
            Token token = Tokens.Current;
            if (token.IsOperator("."))
            {
                Tokens.Next();
                // items.0 is items[0]
                value = Tokens.Current.Kind == TokenKind.Integer
                    ? new ItemAccess(token.Line, value, new Constant(token.Line, NumberLiteral.Integer(Tokens.Next().Value)))
                    : new AttributeAccess(token.Line, value, Tokens.Expect(TokenKind.Name).Value);
            }
            else if (token.IsOperator("["))
            {
                Tokens.Next();
                value = Subscript(value, token.Line);
                Tokens.ExpectOperator("]");
            }
            else if (token.IsOperator("("))
            {
                value = new Call(token.Line, value, Arguments());
            }
            else
            {
                return value;
            }
        }
    }

    private Expression Subscript(Expression target, int line)
    {
        List<Expression> keys = [];
        do
        {
            Expression? start = Tokens.Current.IsOperator(":") ? null : Expression();
            if (start is not null && !Tokens.Current.IsOperator(":"))
            {
                keys.Add(start);
                continue;
            }

            Tokens.ExpectOperator(":");
            Expression? stop = SlicePart();
            Expression? step = Tokens.SkipOperator(":") ? SlicePart() : null;
            return keys.Count == 0 && !Tokens.Current.IsOperator(",") ? new SliceAccess(line, target, start, stop, step)
                : throw Tokens.Error("a slice cannot be part of a tuple");
        }
        while (Tokens.SkipOperator(","));
        return new ItemAccess(line, target, keys.Count == 1 ? keys[0] : new SequenceLiteral(line, keys, isTuple: true));
    }

    private Expression? SlicePart() =>
        Tokens.Current.IsOperator(":") || Tokens.Current.IsOperator("]") || Tokens.Current.IsOperator(",") ? null : Expression();

    private Expression FiltersAndTests(Expression value)
    {
        while (true)
        {
            if (Tokens.SkipOperator("|"))
                value = Filter(value);
            else if (Tokens.SkipName("is"))
                value = Test(value);
            else if (Tokens.Current.IsOperator("("))
                value = new Call(Tokens.Current.Line, value, Arguments());
            else
                return value;
        }
    }

    private Expression Test(Expression value)
    {
        bool negated = Tokens.SkipName("not");
        int line = Tokens.Current.Line;
        string name = DottedName();
        ArgumentList arguments = ArgumentList.Empty;
        Token token = Tokens.Current;
        if (token.IsOperator("("))
        {
            arguments = Arguments();
        }
        else if (
            (
                token.Kind is TokenKind.Name or TokenKind.String or TokenKind.Integer or TokenKind.Float
                || token.IsOperator("[")
                || token.IsOperator("{")
            ) && !(token.Kind == TokenKind.Name && token.Value is "else" or "or" or "and"))
        {
            // One argument may stand without parentheses: x is divisibleby 3.
            arguments = token.IsName("is")
                ? throw Tokens.Error("You cannot chain multiple tests with is")
                : new([Postfix(Primary())], [], null, null);
        }

        if (!Tests.Exists(name) && Conditions == 0)
            throw Tokens.Error($"No test named {Repr.Quote(name)}.", line);

        Expression test = new TestCall(line, value, name, arguments);
        return negated ? new Not(line, test) : test;
    }

    private string DottedName()
    {
        string name = Tokens.Expect(TokenKind.Name).Value;
        while (Tokens.SkipOperator("."))
            name += "." + Tokens.Expect(TokenKind.Name).Value;

        return name;
    }

    private ArgumentList Arguments()
    {
        Tokens.ExpectOperator("(");
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        Expression? spread = null,
            namedSpread = null;
        Items(
            ")",
            () =>
            {
                if (Tokens.SkipOperator("*"))
                {
                    return spread =
                        spread is null && namedSpread is null
                            ? Expression()
                            : throw Tokens.Error("invalid syntax for function call expression");
                }

                if (Tokens.SkipOperator("**"))
                {
                    return namedSpread =
                        namedSpread is null
                            ? Expression()
                            : throw Tokens.Error("invalid syntax for function call expression");
                }

                if (Tokens.Current.Kind == TokenKind.Name && Tokens.Ahead.IsOperator("=") && namedSpread is null)
                {
                    string name = Tokens.Next().Value;
                    Tokens.Next();
                    named.Add((name, Expression()));
                    return named[^1].Item2;
                }

                if (spread is not null || namedSpread is not null || named.Count > 0)
                    throw Tokens.Error("invalid syntax for function call expression");

                positional.Add(Expression());
                return positional[^1];
            });
        return new ArgumentList(positional, named, spread, namedSpread);
    }
}
