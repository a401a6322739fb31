namespace QwenSharp.Chat.Jinja;

/// <summary>Something that a template can call.</summary>
internal abstract class Callable(string name)
{
    public string Name { get; } = name;

    public abstract object? Call(Runtime runtime, Arguments arguments);

    public virtual object? Attribute(string name) => Absent.Value;
}

/// <summary>A function or a method bound to its object.</summary>
internal sealed class BuiltIn(string name, Func<Runtime, Arguments, object?> body) : Callable(name)
{
    public override object? Call(Runtime runtime, Arguments arguments) => body(runtime, arguments);
}

/// <summary>Stands for "no such value" where None and undefined are values.</summary>
internal sealed class Absent
{
    public static readonly Absent Value = new();
}
