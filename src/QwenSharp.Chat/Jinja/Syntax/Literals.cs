using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Syntax;

internal sealed class Constant(int line, object? value) : Expression(line)
{
    protected override object? Evaluate(Scope scope) => value;
}

internal sealed class Name(int line, string id) : Expression(line), ITarget
{
    public string Id { get; } = id;

    public void Assign(Scope scope, object? value) => scope[Id] = value;

    protected override object? Evaluate(Scope scope) => scope[Id];
}

/// <summary><c>ns.name</c> as a target.</summary>
internal sealed class NamespaceTarget(int line, string space, string name) : Expression(line), ITarget
{
    public void Assign(Scope scope, object? value)
    {
        Namespace target = scope[space] as Namespace ?? throw new TemplateException("cannot assign attribute on non-namespace object");
        target.Attributes[Text.FromTemplate(name)] = value;
    }

    protected override object? Evaluate(Scope scope) => Lookup.Attribute(scope.Runtime, scope[space], name);
}

/// <summary>A list or tuple; a tuple of targets takes a value apart.</summary>
internal sealed class SequenceLiteral(int line, IReadOnlyList<Expression> items, bool isTuple) : Expression(line), ITarget
{
    public IReadOnlyList<Expression> Items { get; } = items;

    public bool IsTuple { get; } = isTuple;

    public void Assign(Scope scope, object? value)
    {
        if (!Iteration.Can(value))
            throw new TemplateException($"cannot unpack non-iterable {TypeName.Of(value)} object");

        List<object?> parts = [.. Iteration.Of(value).Take(Items.Count + 1)];
        if (parts.Count != Items.Count)
        {
            throw new TemplateException(parts.Count > Items.Count ? $"too many values to unpack (expected {Items.Count})"
                : $"not enough values to unpack (expected {Items.Count}, got {parts.Count})");
        }

        for (int i = 0; i < parts.Count; i++)
            ((ITarget)Items[i]).Assign(scope, parts[i]);
    }

    protected override object? Evaluate(Scope scope)
    {
        scope.Runtime.Budget.AllocateItems(Items.Count);
        object?[] values = new object?[Items.Count];
        for (int i = 0; i < values.Length; i++)
            values[i] = Items[i].Value(scope);

        return new Sequence(values, IsTuple);
    }
}

internal sealed class MappingLiteral(int line, IReadOnlyList<(Expression Key, Expression Value)> items) : Expression(line)
{
    protected override object? Evaluate(Scope scope)
    {
        scope.Runtime.Budget.AllocateItems(items.Count * 2);
        Mapping mapping = scope.Runtime.NewMapping();
        foreach ((Expression key, Expression value) in items)
            mapping[key.Value(scope)] = value.Value(scope);

        return mapping;
    }
}
