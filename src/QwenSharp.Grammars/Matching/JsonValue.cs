using QwenSharp.Grammars.Automata;

namespace QwenSharp.Grammars.Matching;

/// <summary>The marks of JSON, with the white space that is allowed around them.</summary>
internal sealed class JsonMarks
{
    public ByteAutomaton OpenObject { get; } = new LiteralAutomaton([(byte)'{'], spaceBehind: true);

    public ByteAutomaton CloseObject { get; } = new LiteralAutomaton([(byte)'}'], spaceBefore: true);

    public ByteAutomaton OpenArray { get; } = new LiteralAutomaton([(byte)'['], spaceBehind: true);

    public ByteAutomaton CloseArray { get; } = new LiteralAutomaton([(byte)']'], spaceBefore: true);

    public ByteAutomaton Comma { get; } = new LiteralAutomaton([(byte)','], spaceBehind: true);
}

/// <summary>A JSON value: whatever one of its alternatives allows.</summary>
internal sealed class JsonValue(JsonMarks marks) : Expression
{
    /// <summary>Automata of null, the truth values, numbers and strings.</summary>
    public List<ByteAutomaton> Scalars { get; } = [];

    public List<JsonObject> Objects { get; } = [];

    public List<JsonArray> Arrays { get; } = [];

    public override void Begin(ContinuationBuilder builder, Frame frame)
    {
        foreach (ByteAutomaton scalar in Scalars)
            builder.Add(scalar, frame);
        foreach (JsonObject shape in Objects)
            builder.Add(marks.OpenObject, ObjectFrame.Open(shape, frame));
        foreach (JsonArray shape in Arrays)
            builder.Add(marks.OpenArray, ArrayFrame.Open(shape, frame));
    }
}

/// <summary>A way on for a member or an item: what its value is, and the counts that it adds to, as bits.</summary>
internal readonly record struct ValueOption(JsonValue Value, uint Counts);

/// <summary>What an object may be. All names and classes in it can be completed.</summary>
internal sealed class JsonObject
{
    public required JsonMarks Marks { get; init; }

    /// <summary>Names that the schema lists, in the order of their code points.</summary>
    public required string[] Names { get; init; }

    /// <summary>By name: what its value may be; none for a name that is not allowed.</summary>
    public required ValueOption[][] Values { get; init; }

    /// <summary>Names that must be there, as bits.</summary>
    public required ulong[] Required { get; init; }

    /// <summary>By name: the names that must be there where it is; null where there are none.</summary>
    public required ulong[]?[] Needs { get; init; }

    /// <summary>Names that are not listed: the language of each class, and what its values may be.</summary>
    public required (JsonStringAutomaton Name, ValueOption[] Values)[] Others { get; init; }

    public required int Min { get; init; }

    public required int Max { get; init; }

    /// <summary>How often each count must be reached.</summary>
    public required int[] Counts { get; init; }

    private ContentHash[]? _hashes;
    private HashSet<ContentHash>? _listed;
    private JsonStringAutomaton? _automaton;

    /// <summary>The names that are listed, as an automaton.</summary>
    public JsonStringAutomaton NameAutomaton => _automaton ??= new JsonStringAutomaton(new TextsAutomaton(Names), StringRole.ListedName);

    /// <summary>The hashes of all names that are listed.</summary>
    public ContentHash[] Hashes => _hashes ??= [.. Names.Select(name => ContentHash.Of(System.Text.Encoding.UTF8.GetBytes(name)))];

    public HashSet<ContentHash> Listed => _listed ??= [.. Hashes];
}

/// <summary>What an array may be.</summary>
internal sealed class JsonArray
{
    public required JsonMarks Marks { get; init; }

    /// <summary>By place: what the item there may be; the last entry is for all further places, and empty where there are none.</summary>
    public required ValueOption[][] Items { get; init; }

    public required int Min { get; init; }

    public required int Max { get; init; }

    /// <summary>How often each count must be reached.</summary>
    public required int[] Counts { get; init; }

    /// <summary>How often each count may be reached.</summary>
    public required int[] Limits { get; init; }

    /// <summary>Where no two items may be equal: the automata of items, none of which has objects, arrays or numbers; else null.</summary>
    public ByteAutomaton[]? Unique { get; init; }
}

/// <summary>Inside of an object, behind a member's value.</summary>
internal sealed class ObjectFrame : Frame
{
    private readonly JsonObject _shape;
    private readonly Frame _behind;
    private readonly ulong[] _seen;
    private readonly ulong[] _allowed;
    private readonly int _count;
    private readonly int[] _found;
    private readonly OtherName? _others;
    private readonly bool _allowsOthers;
    private readonly bool _mayClose;
    private readonly Names _names;
    private readonly Dictionary<string, ObjectFrame>? _siblings;

    private ObjectFrame(
        JsonObject shape,
        Frame behind,
        ulong[] seen,
        int count,
        int[] found,
        OtherName? others,
        Dictionary<string, ObjectFrame>? siblings)
    {
        _shape = shape;
        _behind = behind;
        _seen = seen;
        _count = count;
        _found = found;
        _others = others;
        _siblings = siblings;
        ulong[] required = shape.Required;
        for (int i = 0; i < shape.Names.Length; i++)
        {
            if (shape.Needs[i] is { } needs && Has(seen, i))
                required = With(required, needs);
        }

        ulong[] missing = Without(required, seen);
        int left = shape.Max == int.MaxValue ? int.MaxValue : shape.Max - count;
        int missingCount = Count(missing);
        _mayClose = missingCount == 0 && count >= shape.Min && shape.Counts.AsSpan().CommonPrefixLength(found) == found.Length;
        _allowed = new ulong[seen.Length];
        for (int i = 0; i < shape.Names.Length; i++)
        {
            bool isAllowed = shape.Values[i].Length > 0
                && !Has(seen, i)
                && left > 0
                && (Has(missing, i) || left == int.MaxValue || Fits(shape, required, seen, i, left));
            if (isAllowed)
                _allowed[i >> 6] |= 1UL << i;
        }

        _allowsOthers = left == int.MaxValue || left > missingCount;
        _names = new Names(this);
    }

    public static Frame Open(JsonObject shape, Frame behind)
    {
        ulong[] none = new ulong[(shape.Names.Length + 63) / 64];
        ObjectFrame first = new(shape, behind, none, 0, new int[shape.Counts.Length], null, shape.Counts.Length > 0 ? [] : null);
        return new Opened(first);
    }

    public override void Continue(ContinuationBuilder builder)
    {
        if (_names.HasAny)
            builder.Add(_shape.Marks.Comma, _names);
        if (_mayClose)
            builder.Add(_shape.Marks.CloseObject, _behind);
    }

    private static bool Fits(JsonObject shape, ulong[] required, ulong[] seen, int name, int left)
    {
        ulong[] then = shape.Needs[name] is { } needs ? With(required, needs) : required;
        ulong[] missing = Without(then, seen);
        return Count(missing) + (Has(missing, name) ? 0 : 1) <= left;
    }

    private static bool Has(ulong[] bits, int index) => (bits[index >> 6] >> index & 1) != 0;

    private static ulong[] With(ulong[] a, ulong[] b)
    {
        ulong[] result = new ulong[a.Length];
        for (int i = 0; i < result.Length; i++)
            result[i] = a[i] | b[i];
        return result;
    }

    private static ulong[] Without(ulong[] a, ulong[] b)
    {
        ulong[] result = new ulong[a.Length];
        for (int i = 0; i < result.Length; i++)
            result[i] = a[i] & ~b[i];
        return result;
    }

    private static int Count(ulong[] bits)
    {
        int count = 0;
        foreach (ulong word in bits)
            count += System.Numerics.BitOperations.PopCount(word);
        return count;
    }

    /// <summary>The object behind one more member.</summary>
    private ObjectFrame Behind(int name, OtherName? others, uint counts)
    {
        ulong[] seen = _seen;
        if (name >= 0)
        {
            seen = (ulong[])_seen.Clone();
            seen[name >> 6] |= 1UL << name;
        }

        // A count that makes no difference is not kept, so that frames of one object repeat less.
        int count = _shape.Max == int.MaxValue ? Math.Min(_count + 1, _shape.Min) : _count + 1;
        int[] found = _found;
        for (int i = 0; i < found.Length; i++)
        {
            if ((counts >> i & 1) == 0 || found[i] >= _shape.Counts[i])
                continue;
            if (found == _found)
                found = (int[])_found.Clone();
            found[i]++;
        }

        if (_siblings is null)
            return new ObjectFrame(_shape, _behind, seen, count, found, others, null);
        string key = $"{string.Join(',', seen)};{string.Join(',', found)};{count};{OtherName.Key(others)}";
        lock (_siblings)
        {
            if (!_siblings.TryGetValue(key, out ObjectFrame? known))
                _siblings[key] = known = new ObjectFrame(_shape, _behind, seen, count, found, others, _siblings);
            return known;
        }
    }

    /// <summary>A name that was written and is not listed.</summary>
    private sealed record OtherName(ContentHash Hash, OtherName? Before)
    {
        public static string Key(OtherName? name) => name is null ? "" : $"{name.Hash.Value:x}{Key(name.Before)}";
    }

    /// <summary>Behind the brace that opens the object.</summary>
    private sealed class Opened(ObjectFrame first) : Frame
    {
        public override void Continue(ContinuationBuilder builder)
        {
            first._names.Continue(builder);
            if (first._mayClose)
                builder.Add(first._shape.Marks.CloseObject, first._behind);
        }
    }

    /// <summary>Where a name stands.</summary>
    private sealed class Names(ObjectFrame at) : Frame
    {
        public bool HasAny => at._allowed.AsSpan().ContainsAnyExcept(0UL) || (at._allowsOthers && at._shape.Others.Length > 0);

        public override void Continue(ContinuationBuilder builder)
        {
            if (at._allowed.AsSpan().ContainsAnyExcept(0UL))
                builder.Add(at._shape.NameAutomaton, new ListedName(at));
            if (!at._allowsOthers)
                return;
            for (int i = 0; i < at._shape.Others.Length; i++)
                builder.Add(at._shape.Others[i].Name, new OtherNames(at, i));
        }
    }

    /// <summary>Behind a name that is listed.</summary>
    private sealed class ListedName(ObjectFrame at) : Frame
    {
        private readonly Continuation?[] _after = new Continuation?[at._shape.Names.Length];

        public override bool AllowsAny(int first, int end)
        {
            for (int i = first; i < end; i++)
            {
                ulong word = at._allowed[i >> 6] >> (i & 63);
                if ((word & 1) != 0)
                    return true;
                // The rest of an empty word is passed over at once.
                if (word == 0)
                    i |= 63;
            }

            return false;
        }

        public override Continuation After(int label, ContentHash hash)
        {
            if (_after[label] is { } known)
                return known;
            ContinuationBuilder builder = new();
            foreach (ValueOption option in at._shape.Values[label])
                builder.Add(option.Value, at.Behind(label, at._others, option.Counts));
            return _after[label] = builder.ToContinuation();
        }

        public override void Continue(ContinuationBuilder builder) => throw new InvalidOperationException("A name is always read.");
    }

    /// <summary>Behind a name that is not listed.</summary>
    private sealed class OtherNames(ObjectFrame at, int index) : Frame
    {
        private Continuation? _unknown;

        public override bool Excludes(ContentHash hash)
        {
            if (hash.IsUnknown)
                return false;
            for (OtherName? other = at._others; other is not null; other = other.Before)
            {
                if (other.Hash == hash)
                    return true;
            }

            return at._shape.Names.Length > 0 && at._shape.Listed.Contains(hash);
        }

        public override void Excluded(List<ContentHash> contents)
        {
            contents.AddRange(at._shape.Hashes);
            for (OtherName? other = at._others; other is not null; other = other.Before)
                contents.Add(other.Hash);
        }

        public override Continuation After(int label, ContentHash hash)
        {
            if (hash.IsUnknown && _unknown is not null)
                return _unknown;
            ContinuationBuilder builder = new();
            OtherName? others = hash.IsUnknown ? at._others : new OtherName(hash, at._others);
            foreach (ValueOption option in at._shape.Others[index].Values)
                builder.Add(option.Value, at.Behind(-1, others, option.Counts));
            Continuation after = builder.ToContinuation();
            if (hash.IsUnknown)
                _unknown = after;
            return after;
        }

        public override void Continue(ContinuationBuilder builder) => throw new InvalidOperationException("A name is always read.");
    }
}

/// <summary>Inside of an array, behind an item.</summary>
internal sealed class ArrayFrame : Frame
{
    private readonly JsonArray _shape;
    private readonly Frame _behind;
    private readonly int _count;
    private readonly int[] _found;
    private readonly Items _items;
    private readonly Dictionary<string, ArrayFrame> _siblings;
    private readonly UsedItem? _used;

    private ArrayFrame(
        JsonArray shape,
        Frame behind,
        int count,
        int[] found,
        Dictionary<string, ArrayFrame> siblings,
        UsedItem? used = null)
    {
        _used = used;
        _shape = shape;
        _behind = behind;
        _count = count;
        _found = found;
        _siblings = siblings;
        _items = new Items(this);
    }

    private bool MayClose
    {
        get
        {
            for (int i = 0; i < _found.Length; i++)
            {
                if (_found[i] < _shape.Counts[i])
                    return false;
            }

            return _count >= _shape.Min;
        }
    }

    private bool HasMore => _count < _shape.Max && (_shape.Unique is { } unique ? unique.Any(IsLeft) : Options.Any(IsPossible));

    private ValueOption[] Options => _shape.Items[Math.Min(_count, _shape.Items.Length - 1)];

    public static Frame Open(JsonArray shape, Frame behind) =>
        new Opened(new ArrayFrame(shape, behind, 0, new int[shape.Counts.Length], []));

    public override void Continue(ContinuationBuilder builder)
    {
        if (HasMore)
            builder.Add(_shape.Marks.Comma, _items);
        if (MayClose)
            builder.Add(_shape.Marks.CloseArray, _behind);
    }

    /// <summary>Whether an item leaves room for the counts that are not reached.</summary>
    private bool IsPossible(ValueOption option)
    {
        for (int i = 0; i < _found.Length; i++)
        {
            int found = _found[i] + (int)(option.Counts >> i & 1);
            if (found > _shape.Limits[i] || (_shape.Max != int.MaxValue && _shape.Counts[i] - found > _shape.Max - _count - 1))
                return false;
        }

        return true;
    }

    private bool IsUsed(ContentHash item)
    {
        for (UsedItem? used = _used; used is not null; used = used.Before)
        {
            if (used.Item == item)
                return true;
        }

        return false;
    }

    /// <summary>Whether an automaton has an item that is not used.</summary>
    private bool IsLeft(ByteAutomaton automaton) => automaton switch
    {
        JsonStringAutomaton { IsKeyed: true, Content: TextsAutomaton texts } => !System.Array.TrueForAll(texts.Hashes, IsUsed),
        JsonStringAutomaton => true,
        _ => !IsUsed(MarkOf(automaton)),
    };

    private ContentHash MarkOf(ByteAutomaton automaton) => ContentHash.OfMark(System.Array.IndexOf(_shape.Unique!, automaton));

    private ArrayFrame Behind(UsedItem? used)
    {
        int count = _shape.Max == int.MaxValue ? Math.Min(_count + 1, _shape.Min) : _count + 1;
        return new ArrayFrame(_shape, _behind, count, _found, _siblings, used);
    }

    private ArrayFrame Behind(uint counts)
    {
        // Counts are kept as far as they make a difference.
        int far = Math.Max(_shape.Items.Length - 1, _shape.Min);
        int count = _shape.Max == int.MaxValue ? Math.Min(_count + 1, far) : _count + 1;
        int[] found = new int[_found.Length];
        for (int i = 0; i < found.Length; i++)
        {
            int now = _found[i] + (int)(counts >> i & 1);
            found[i] = _shape.Limits[i] == int.MaxValue ? Math.Min(now, _shape.Counts[i]) : now;
        }

        string key = $"{count};{string.Join(',', found)}";
        lock (_siblings)
        {
            if (!_siblings.TryGetValue(key, out ArrayFrame? known))
                _siblings[key] = known = new ArrayFrame(_shape, _behind, count, found, _siblings);
            return known;
        }
    }

    private sealed class Opened(ArrayFrame first) : Frame
    {
        public override void Continue(ContinuationBuilder builder)
        {
            if (first._count < first._shape.Max)
                first._items.Continue(builder);
            if (first.MayClose)
                builder.Add(first._shape.Marks.CloseArray, first._behind);
        }
    }

    /// <summary>An item of an array in which no two are equal.</summary>
    private sealed record UsedItem(ContentHash Item, UsedItem? Before);

    /// <summary>Behind an item that must not have been there before.</summary>
    private sealed class UniqueItem(ArrayFrame at, ByteAutomaton automaton) : Frame
    {
        private readonly TextsAutomaton? _texts =
            automaton is JsonStringAutomaton { IsKeyed: true } listed ? (TextsAutomaton)listed.Content : null;

        private Continuation? _unknown;

        public override bool Excludes(ContentHash hash) => !hash.IsUnknown && at.IsUsed(hash);

        public override void Excluded(List<ContentHash> contents)
        {
            for (UsedItem? used = at._used; used is not null; used = used.Before)
            {
                if (used.Item.Length != int.MaxValue)
                    contents.Add(used.Item);
            }
        }

        public override bool AllowsAny(int first, int end)
        {
            for (int i = first; i < end; i++)
            {
                if (!at.IsUsed(_texts!.Hashes[i]))
                    return true;
            }

            return false;
        }

        public override Continuation After(int label, ContentHash hash)
        {
            if (automaton is not JsonStringAutomaton)
                hash = at.MarkOf(automaton);
            else if (_texts is not null)
                hash = _texts.Hashes[label];
            if (hash.IsUnknown && _unknown is not null)
                return _unknown;
            ContinuationBuilder builder = new();
            builder.Pass(at.Behind(hash.IsUnknown ? at._used : new UsedItem(hash, at._used)));
            Continuation after = builder.ToContinuation();
            if (hash.IsUnknown)
                _unknown = after;
            return after;
        }

        public override void Continue(ContinuationBuilder builder) => throw new InvalidOperationException("An item is always read.");
    }

    private sealed class Items(ArrayFrame at) : Frame
    {
        public override void Continue(ContinuationBuilder builder)
        {
            if (at._shape.Unique is { } unique)
            {
                foreach (ByteAutomaton automaton in unique)
                {
                    if (at.IsLeft(automaton))
                        builder.Add(automaton, new UniqueItem(at, automaton));
                }

                return;
            }

            foreach (ValueOption option in at.Options)
            {
                if (at.IsPossible(option))
                    builder.Add(option.Value, at.Behind(option.Counts));
            }
        }
    }
}
