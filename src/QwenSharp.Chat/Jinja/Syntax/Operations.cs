using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Syntax;

internal sealed class Binary(int line, string op, Expression left, Expression right) : Expression(line)
{
    protected override object? Evaluate(Scope scope) => Operators.Binary(scope.Runtime, op, left.Value(scope), right.Value(scope));
}

internal sealed class Unary(int line, bool negative, Expression operand) : Expression(line)
{
    protected override object? Evaluate(Scope scope) =>
        negative ? Operators.Negate(scope.Runtime, operand.Value(scope)) : Operators.Plus(operand.Value(scope));
}

/// <summary><c>a ~ b ~ c</c>.</summary>
internal sealed class Concatenation(int line, IReadOnlyList<Expression> parts) : Expression(line)
{
    protected override object? Evaluate(Scope scope)
    {
        object?[] values = new object?[parts.Count];
        for (int i = 0; i < values.Length; i++)
            values[i] = parts[i].Value(scope);

        return Operators.Concatenate(scope.Runtime, values);
    }
}

/// <summary><c>and</c>, <c>or</c>: the operand that decides is the value.</summary>
internal sealed class Logical(int line, bool isAnd, Expression left, Expression right) : Expression(line)
{
    protected override object? Evaluate(Scope scope) =>
        left.Value(scope) is var value && Truth.Of(value) == isAnd ? right.Value(scope) : value;
}

internal sealed class Not(int line, Expression operand) : Expression(line)
{
    protected override object? Evaluate(Scope scope) => !Truth.Of(operand.Value(scope));
}

/// <summary><c>a &lt; b &lt;= c</c>: every neighbouring pair must hold, and none is evaluated after one that does not.</summary>
internal sealed class Compare(int line, Expression first, IReadOnlyList<(string Op, Expression Operand)> rest) : Expression(line)
{
    protected override object? Evaluate(Scope scope)
    {
        object? left = first.Value(scope);
        foreach ((string op, Expression operand) in rest)
        {
            object? right = operand.Value(scope);
            if (!Holds(scope.Runtime.Comparison, op, left, right))
                return false;

            left = right;
        }

        return true;
    }

    private static bool Holds(Comparison comparison, string op, object? left, object? right) => op switch
    {
        "==" => comparison.Equals(left, right),
        "!=" => !comparison.Equals(left, right),
        "in" => comparison.Contains(left, right),
        "not in" => !comparison.Contains(left, right),
        _ => comparison.Ordered(op, left, right),
    };
}

/// <summary><c>a if test else b</c>.</summary>
internal sealed class Conditional(int line, Expression test, Expression then, Expression? otherwise) : Expression(line)
{
    protected override object? Evaluate(Scope scope) => Truth.Of(test.Value(scope)) ? then.Value(scope)
        : otherwise is not null ? otherwise.Value(scope)
        : new Undefined($"the inline if-expression on line {Line} evaluated to false and no else section was defined.");
}

internal sealed class AttributeAccess(int line, Expression target, string name) : Expression(line)
{
    protected override object? Evaluate(Scope scope) => Lookup.Attribute(scope.Runtime, target.Value(scope), name);
}

internal sealed class ItemAccess(int line, Expression target, Expression key) : Expression(line)
{
    protected override object? Evaluate(Scope scope) => Lookup.Item(scope.Runtime, target.Value(scope), key.Value(scope));
}

internal sealed class SliceAccess(int line, Expression target, Expression? start, Expression? stop, Expression? step) : Expression(line)
{
    protected override object? Evaluate(Scope scope) =>
        Slicing.Of(scope.Runtime, target.Value(scope), start?.Value(scope), stop?.Value(scope), step?.Value(scope));
}
