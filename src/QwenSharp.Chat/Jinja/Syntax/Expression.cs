namespace QwenSharp.Chat.Jinja.Syntax;

/// <summary>A part of a template that has a value.</summary>
internal abstract class Expression(int line)
{
    public int Line { get; } = line;

    public object? Value(Scope scope)
    {
        scope.Runtime.Line = Line;
        scope.Runtime.Budget.Step();
        return Evaluate(scope);
    }

    protected abstract object? Evaluate(Scope scope);
}

/// <summary>What can stand left of <c>=</c> or after <c>for</c>.</summary>
internal interface ITarget
{
    void Assign(Scope scope, object? value);
}
