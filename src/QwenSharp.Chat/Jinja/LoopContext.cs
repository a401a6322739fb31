using System.Numerics;
using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja;

/// <summary>
/// The <c>loop</c> of a for block. It looks ahead only when asked to, because a loop's filter may depend on what its body did.
/// </summary>
internal sealed class LoopContext(Runtime runtime, IEnumerable<object?> items, object? sized, int depth, Func<object?, Text>? recurse)
    : Callable("loop"),
        IDisposable
{
    private IEnumerator<object?> _items = items.GetEnumerator();
    private object? _before = Absent.Value;
    private object? _after = Absent.Value;
    private object? _changed = Absent.Value;
    private int? _length;

    public int Index0 { get; private set; } = -1;

    public object? Current { get; private set; } = Absent.Value;

    public int Length => _length ??= Iteration.TryLength(sized, out int known) ? known : Count();

    public bool MoveNext()
    {
        object? next = Peek();
        if (next is Absent)
            return false;

        _after = Absent.Value;
        _before = Current;
        Current = next;
        Index0++;
        return true;
    }

    public override object? Attribute(string name) =>
        name switch
        {
            "index" => new BigInteger(Index0 + 1),
            "index0" => new BigInteger(Index0),
            "revindex" => new BigInteger(Length - Index0),
            "revindex0" => new BigInteger(Length - Index0 - 1),
            "first" => Index0 == 0,
            "last" => Peek() is Absent,
            "length" => new BigInteger(Length),
            "depth" => new BigInteger(depth + 1),
            "depth0" => new BigInteger(depth),
            "previtem" => _before is Absent ? new Undefined("there is no previous item") : _before,
            "nextitem" => Peek() is var next and not Absent ? next : new Undefined("there is no next item"),
            "cycle" => new BuiltIn(
                name,
                (_, arguments) =>
                    arguments.Positional.Count == 0
                        ? throw new TemplateException("no items for cycling given")
                        : arguments.Positional[Index0 % arguments.Positional.Count]),
            "changed" => new BuiltIn(name, (_, arguments) => Changed(new Sequence(arguments.Positional, isTuple: true))),
            _ => Absent.Value,
        };

    public override object? Call(Runtime runtime, Arguments arguments) =>
        recurse is not null
            ? recurse(arguments.Bind("loop", 1, "iterable")[0])
            : throw new TemplateException("The loop must have the 'recursive' marker to be called recursively.");

    public void Dispose() => _items.Dispose();

    private object? Peek() => _after is not Absent ? _after : _after = _items.MoveNext() ? _items.Current : Absent.Value;

    private int Count()
    {
        List<object?> rest = [];
        while (_items.MoveNext())
        {
            runtime.Budget.AllocateItems(1);
            rest.Add(_items.Current);
        }

        _items.Dispose();
        _items = rest.GetEnumerator();
        return Index0 + 1 + (_after is Absent ? 0 : 1) + rest.Count;
    }

    private bool Changed(Sequence values)
    {
        bool changed = _changed is Absent || !runtime.Comparison.Equals(_changed, values);
        _changed = values;
        return changed;
    }
}
