using System.Numerics;

namespace QwenSharp.Chat.Jinja;

// A template value is an object?: null (None), bool, BigInteger, double, Text, or one of the types below.

/// <summary>
/// The value of a name or element that is not there. It prints as nothing, is false and empty; most else about it fails with its message.
/// </summary>
internal sealed class Undefined(string message)
{
    public TemplateException Error() => new(message);
}

/// <summary>A Python list or, with <see cref="IsTuple"/>, a tuple. Templates cannot change either.</summary>
internal sealed class Sequence(IReadOnlyList<object?> items, bool isTuple = false)
{
    public IReadOnlyList<object?> Items { get; } = items;

    public bool IsTuple { get; } = isTuple;

    /// <summary>What <c>groupby</c> gives: a pair whose parts are also called <c>grouper</c> and <c>list</c>.</summary>
    public bool IsGroup { get; init; }

    public int Count => Items.Count;

    public static Sequence Tuple(params object?[] items) => new(items, isTuple: true);
}

/// <summary>A Python dict: keys in the order of their first appearance.</summary>
internal sealed class Mapping(IEqualityComparer<object> keys)
{
    private readonly OrderedDictionary<object, object?> _items = new(keys);

    public int Count => _items.Count;

    public IEnumerable<object?> Keys => _items.Keys.Select(key => key is NoneKey ? null : key);

    public IEnumerable<object?> Values => _items.Values;

    public IEnumerable<KeyValuePair<object?, object?>> Items =>
        _items.Select(item => KeyValuePair.Create(item.Key is NoneKey ? null : (object?)item.Key, item.Value));

    public object? this[object? key]
    {
        set => _items[key ?? NoneKey.Value] = value;
    }

    public bool TryGet(object? key, out object? value) => _items.TryGetValue(key ?? NoneKey.Value, out value);

    public bool Contains(object? key) => _items.ContainsKey(key ?? NoneKey.Value);

    // .NET's dictionaries take no null.
    private sealed class NoneKey
    {
        public static readonly NoneKey Value = new();
    }
}

/// <summary>The live view that <c>keys()</c>, <c>values()</c> and <c>items()</c> of a dict give.</summary>
internal sealed record MappingView(string Kind, Mapping Mapping)
{
    public IEnumerable<object?> Items => Kind switch
    {
        "keys" => Mapping.Keys,
        "values" => Mapping.Values,
        _ => Mapping.Items.Select(item => Sequence.Tuple(item.Key, item.Value)),
    };
}

/// <summary>Python's <c>range</c>, not written out.</summary>
internal sealed record Range(BigInteger Start, BigInteger Stop, BigInteger Step)
{
    public int Count { get; } = (int)BigInteger.Max(0, (Stop - Start + Step - Step.Sign) / Step);

    public object At(int index) => Start + (index * Step);

    public IEnumerable<object?> Items => Enumerable.Range(0, Count).Select(At);
}

/// <summary>A lazy sequence that can be walked once, as filters such as <c>map</c> give.</summary>
internal sealed class Generator(string name, IEnumerable<object?> items) : IDisposable
{
    private readonly IEnumerator<object?> _items = items.GetEnumerator();

    public string Name { get; } = name;

    public IEnumerable<object?> Items
    {
        get
        {
            while (_items.MoveNext())
                yield return _items.Current;
        }
    }

    public void Dispose() => _items.Dispose();
}

/// <summary>The one thing a template can change: <c>namespace(…)</c>, by <c>{% set ns.name = … %}</c>.</summary>
internal sealed class Namespace(Mapping attributes)
{
    public Mapping Attributes { get; } = attributes;
}
