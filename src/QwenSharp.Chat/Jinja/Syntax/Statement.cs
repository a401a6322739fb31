using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Syntax;

/// <summary>How a statement ended: whether the loop around it goes on.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}

/// <summary>A part of a template that writes text or changes names.</summary>
internal abstract class Statement
{
    public abstract Flow Execute(Scope scope, TextBuilder output);

    public static Flow ExecuteAll(IReadOnlyList<Statement> body, Scope scope, TextBuilder output)
    {
        for (int i = 0; i < body.Count; i++)
        {
            scope.Runtime.Budget.Step();
            Flow flow = body[i].Execute(scope, output);
            if (flow != Flow.Next)
                return flow;
        }

        return Flow.Next;
    }

    /// <summary>The text that a body writes; null where it leaves the loop around it instead.</summary>
    protected static Text? Capture(IReadOnlyList<Statement> body, Scope scope, out Flow flow)
    {
        TextBuilder captured = scope.Runtime.NewBuilder();
        flow = ExecuteAll(body, scope, captured);
        return flow == Flow.Next ? captured.ToText() : null;
    }
}

internal sealed class TemplateData(string data) : Statement
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        output.Append(data);
        return Flow.Next;
    }
}

/// <summary><c>{{ value }}</c>.</summary>
internal sealed class Print(Expression value) : Statement
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        output.Append(Repr.ToText(scope.Runtime, value.Value(scope)));
        return Flow.Next;
    }
}

internal sealed class If(IReadOnlyList<(Expression Test, IReadOnlyList<Statement> Body)> branches, IReadOnlyList<Statement> otherwise)
    : Statement
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        foreach ((Expression test, IReadOnlyList<Statement> body) in branches)
        {
            if (Truth.Of(test.Value(scope)))
                return ExecuteAll(body, scope, output);
        }

        return ExecuteAll(otherwise, scope, output);
    }
}

/// <summary><c>{% set target = value %}</c>.</summary>
internal sealed class Set(ITarget target, Expression value) : Statement
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        target.Assign(scope, value.Value(scope));
        return Flow.Next;
    }
}

/// <summary><c>{% set target | filter %}…{% endset %}</c>.</summary>
internal sealed class SetBlock(ITarget target, FilterCall? filter, IReadOnlyList<Statement> body) : Statement
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        Scope inner = scope.Inner();
        if (Capture(body, inner, out Flow flow) is Text text)
            target.Assign(scope, filter is null ? text : filter.Apply(inner, text));

        return flow;
    }
}

/// <summary><c>{% filter name %}…{% endfilter %}</c>.</summary>
internal sealed class FilterBlock(FilterCall filter, IReadOnlyList<Statement> body) : Statement
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        Scope inner = scope.Inner();
        if (Capture(body, inner, out Flow flow) is Text text)
            output.Append(Repr.ToText(scope.Runtime, filter.Apply(inner, text)));

        return flow;
    }
}

/// <summary>
/// <c>{% with a = 1 %}…{% endwith %}</c>, and any block that only has names of its own. The values do not see each other.
/// </summary>
internal sealed class With(IReadOnlyList<(ITarget Target, Expression Value)> targets, IReadOnlyList<Statement> body) : Statement
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        Scope inner = scope.Inner();
        object?[] values = [.. targets.Select(target => target.Value.Value(scope))];
        for (int i = 0; i < values.Length; i++)
            targets[i].Target.Assign(inner, values[i]);

        return ExecuteAll(body, inner, output);
    }
}

/// <summary><c>{% break %}</c>, <c>{% continue %}</c>.</summary>
internal sealed class Jump(Flow flow) : Statement
{
    public override Flow Execute(Scope scope, TextBuilder output) => flow;
}
