using QwenSharp.Chat.Jinja.Builtins;
using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Syntax;

/// <summary>The arguments of a call as written, with <c>*list</c> and <c>**dict</c>.</summary>
internal sealed record ArgumentList(
    IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named, Expression? Spread, Expression? NamedSpread)
{
    public static readonly ArgumentList Empty = new([], [], null, null);

    public Arguments Evaluate(Scope scope)
    {
        if (Positional.Count == 0 && Named.Count == 0 && Spread is null && NamedSpread is null)
            return Arguments.None;

        List<object?> positional = [.. Positional.Select(argument => argument.Value(scope))];
        if (Spread is not null)
            positional.AddRange(Iteration.ToList(scope.Runtime, Spread.Value(scope)));

        List<KeyValuePair<string, object?>> named =
        [
            .. Named.Select(argument => KeyValuePair.Create(argument.Name, argument.Value.Value(scope))),
        ];
        if (NamedSpread is not null)
        {
            Mapping mapping = NamedSpread.Value(scope) as Mapping ?? throw new TemplateException("argument after ** must be a mapping");
            foreach ((object? key, object? value) in mapping.Items)
                named.Add(KeyValuePair.Create((key as Text ?? throw new TemplateException("keywords must be strings")).Value, value));
        }

        return new Arguments(positional, named);
    }
}

internal sealed class Call(int line, Expression target, ArgumentList arguments) : Expression(line)
{
    public object? Invoke(Scope scope, Callable? caller)
    {
        object? function = target.Value(scope);
        Callable callable = function as Callable ?? throw (function is Undefined undefined ? undefined.Error()
            : new TemplateException($"'{TypeName.Of(function)}' object is not callable"));
        Arguments values = arguments.Evaluate(scope);
        if (caller is not null)
            values = new(values.Positional, [.. values.Named, KeyValuePair.Create("caller", (object?)caller)]);

        return callable.Call(scope.Runtime, values);
    }

    protected override object? Evaluate(Scope scope) => Invoke(scope, null);
}

/// <summary><c>value | name(arguments)</c>; a filter block has no value of its own.</summary>
internal sealed class FilterCall(int line, Expression? target, string name, ArgumentList arguments) : Expression(line)
{
    public object? Apply(Scope scope, object? body) =>
        Filters.Apply(
            scope.Runtime,
            name,
            target is FilterCall inner ? inner.Apply(scope, body)
                : target is null ? body
                : target.Value(scope),
            arguments.Evaluate(scope));

    protected override object? Evaluate(Scope scope) => Filters.Apply(scope.Runtime, name, target!.Value(scope), arguments.Evaluate(scope));
}

/// <summary><c>value is name(arguments)</c>.</summary>
internal sealed class TestCall(int line, Expression target, string name, ArgumentList arguments) : Expression(line)
{
    protected override object? Evaluate(Scope scope) => Tests.Apply(scope.Runtime, name, target.Value(scope), arguments.Evaluate(scope));
}
