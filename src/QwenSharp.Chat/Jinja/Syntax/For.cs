using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Syntax;

/// <summary><c>{% for target in items if filter recursive %}…{% else %}…{% endfor %}</c>. Each turn has names of its own.</summary>
internal sealed class For(
    ITarget target,
    Expression items,
    Expression? filter,
    bool recursive,
    IReadOnlyList<Statement> body,
    IReadOnlyList<Statement> otherwise
) : Statement
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        Run(scope, items.Value(scope), output, depth: 0);
        return Flow.Next;
    }

    private void Run(Scope scope, object? value, TextBuilder output, int depth)
    {
        IEnumerable<object?> source = filter is null ? Iteration.Of(value) : Filtered(scope, value);
        Func<object?, Text>? recurse = recursive ? children => Recurse(scope, children, depth + 1) : null;
        using LoopContext loop = new(scope.Runtime, source, filter is null ? value : null, depth, recurse);
        bool any = false;
        while (loop.MoveNext())
        {
            any = true;
            scope.Runtime.Budget.Step();
            Scope inner = scope.Inner();
            inner["loop"] = loop;
            target.Assign(inner, loop.Current);
            if (ExecuteAll(body, inner, output) == Flow.Break)
                break;
        }

        if (!any)
            ExecuteAll(otherwise, scope.Inner(), output);
    }

    private Text Recurse(Scope scope, object? children, int depth)
    {
        scope.Runtime.Budget.Enter();
        TextBuilder output = scope.Runtime.NewBuilder();
        Run(scope, children, output, depth);
        scope.Runtime.Budget.Leave();
        return output.ToText();
    }

    private IEnumerable<object?> Filtered(Scope scope, object? value)
    {
        foreach (object? item in Iteration.Of(value))
        {
            Scope inner = scope.Inner();
            target.Assign(inner, item);
            if (Truth.Of(filter!.Value(inner)))
                yield return item;
        }
    }
}
