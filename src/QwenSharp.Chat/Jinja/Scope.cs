namespace QwenSharp.Chat.Jinja;

/// <summary>The names that a part of a template sees: its own, then those around it, as they are when looked up.</summary>
internal sealed class Scope(Runtime runtime, Scope? outer = null)
{
    private Dictionary<string, object?>? _names;

    public Runtime Runtime { get; } = runtime;

    public object? this[string name]
    {
        get
        {
            for (Scope? scope = this; scope is not null; scope = scope.Outer)
            {
                if (scope._names is not null && scope._names.TryGetValue(name, out object? value))
                    return value;
            }

            return (object?)Builtins.Globals.Find(name) ?? new Undefined($"{Python.Repr.Quote(name)} is undefined");
        }

        set => (_names ??= [])[name] = value;
    }

    private Scope? Outer { get; } = outer;

    public Scope Inner() => new(Runtime, this);
}
