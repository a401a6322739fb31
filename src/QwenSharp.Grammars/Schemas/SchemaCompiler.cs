using System.Text.Json;
using QwenSharp.Grammars.Automata;
using QwenSharp.Grammars.Matching;
using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars.Schemas;

/// <summary>
/// Compiles a schema. Each conjunction of schemas that a value may have to fit is a node; nodes that no value fits are found first, so that
/// the automaton never leads into one.
/// </summary>
internal sealed class SchemaCompiler
{
    private const int MaxNodes = 20_000;
    private const int MaxMembers = 100_000;

    /// <summary>How many names one object may list: at each of its members all of them are looked at.</summary>
    public const int MaxNames = 10_000;

    /// <summary>How many patterns of names one object may have: each set of them is a class of names.</summary>
    private const int MaxPatterns = 6;

    private readonly PatternPool _pool = new();
    private readonly JsonMarks _marks = new();
    private readonly SchemaDocument _document;
    private readonly ShapeReader _reader;
    private readonly Dictionary<string, Node> _nodes = [];
    private readonly List<Node> _order = [];
    private readonly Dictionary<Pattern, JsonStringAutomaton> _strings = [];
    private readonly Dictionary<Pattern, JsonStringAutomaton> _names = [];
    private readonly Dictionary<NumberSet, NumberAutomaton> _numbers = [];
    private readonly LiteralAutomaton _null = new("null"u8.ToArray());
    private readonly LiteralAutomaton _true = new("true"u8.ToArray());
    private readonly LiteralAutomaton _false = new("false"u8.ToArray());
    private int _members;

    private SchemaCompiler(JsonElement schema)
    {
        _document = new SchemaDocument(schema);
        _reader = new ShapeReader(_document, _pool);
    }

    /// <summary>What a schema takes, as JSON.</summary>
    public static JsonValue Compile(JsonElement schema) => Of(schema, compiler => compiler.Compile());

    /// <summary>The texts that a schema takes, without quotes, up to the first of a literal, with the literal.</summary>
    public static TextAutomaton CompileText(JsonElement schema, string end) => Of(schema, compiler => compiler.CompileText(end));

    private static T Of<T>(JsonElement schema, Func<SchemaCompiler, T> compile)
    {
        if (schema.ValueKind is not (JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False))
            throw new GrammarException("schema", "", "it must be an object, true or false.");
        try
        {
            return compile(new SchemaCompiler(schema));
        }
        catch (InvalidOperationException wrong) when (wrong.GetType() == typeof(InvalidOperationException))
        {
            // System.Text.Json's word for a string with half of a surrogate pair, which no text in UTF-8 has.
            throw new GrammarException("schema", "", "a string in it is no Unicode text.");
        }
    }

    private int[] Root => _document.Root.Element.ValueKind == JsonValueKind.False ? Literals.Never : Literals.Of(_document.Root.Is);

    private TextAutomaton CompileText(string end)
    {
        Pattern text = _reader.Of(Root).String;
        if (!_pool.IsLive(text))
            throw new GrammarException("schema", "", "no text is valid.");

        int more = end.EnumerateRunes().Count();
        (Pattern rest, int min, int max) = Bounds(text) is { } bounds
            ? (Without(text, bounds), bounds.Min + more, bounds.Max == Pattern.Unbounded ? Pattern.Unbounded : bounds.Max + more)
            : (text, 0, Pattern.Unbounded);
        bool isBounded = min > 0 || max < Pattern.Unbounded;
        if (rest == _pool.Everything)
            return isBounded ? TextAutomaton.Bounded(end, min, max) : TextAutomaton.Of(end, until: true);

        // The literal stands at the end and not before.
        Pattern ended = rest.Kind == PatternKind.Texts
            ? _pool.Texts(rest.Texts.Select(one => one + end))
            : _pool.Sequence(rest, _pool.Text(end));
        Pattern early = _pool.Sequence(_pool.Everything, _pool.Text(end), _pool.Any, _pool.Everything);
        Pattern whole = _pool.And(ended, _pool.Not(early));
        if (!_pool.IsLive(whole))
            throw new GrammarException("schema", "", "no text is valid.");

        PatternAutomaton content = new(_pool, whole);
        return new TextAutomaton(isBounded ? new BoundedAutomaton(content, min, max) : content);
    }

    private JsonValue Compile()
    {
        Node start = NodeOf(Root);
        for (int i = 0; i < _order.Count; i++)
            Expand(_order[i]);
        bool isChanged = true;
        while (isChanged)
        {
            isChanged = false;
            for (int i = _order.Count - 1; i >= 0; i--)
                isChanged |= _order[i].Test();
        }

        if (!start.IsAlive)
            throw new GrammarException("schema", "", "no value is valid.");
        foreach (Node node in _order)
            Finish(node);
        return start.Value;
    }

    private Node NodeOf(int[] literals)
    {
        string key = string.Join(',', literals);
        if (_nodes.TryGetValue(key, out Node? known))
            return known;
        if (_order.Count >= MaxNodes)
            throw new GrammarException("schema", "", "its schemas combine in too many ways.");
        Node made = new(literals, new JsonValue(_marks));
        _nodes[key] = made;
        _order.Add(made);
        return made;
    }

    private void Expand(Node node)
    {
        Shape shape = _reader.Of(node.Literals);
        if (shape.Null)
            node.Value.Scalars.Add(_null);
        if (shape.True)
            node.Value.Scalars.Add(_true);
        if (shape.False)
            node.Value.Scalars.Add(_false);
        if (shape.Number != NumberSet.None && NumberOf(shape.Number) is { IsEmpty: false } number)
            node.Value.Scalars.Add(number);
        if (_pool.IsLive(shape.String))
            node.Value.Scalars.Add(StringOf(shape.String, StringRole.Value, _strings));
        node.IsAlive = node.Value.Scalars.Count > 0;
        foreach (ObjectShape one in shape.Objects)
        {
            if (one.Min <= one.Max)
                node.Objects.Add(ObjectOf(one));
        }

        foreach (ArrayShape one in shape.Arrays)
        {
            if (one.Min <= one.Max)
                node.Arrays.Add(ArrayOf(one));
        }
    }

    private NumberAutomaton NumberOf(NumberSet set)
    {
        if (!_numbers.TryGetValue(set, out NumberAutomaton? known))
        {
            string? shared = set == NumberSet.All ? "number" : set == NumberSet.Whole ? "integer" : null;
            _numbers[set] = known = new NumberAutomaton(set, shared);
        }

        return known;
    }

    private JsonStringAutomaton StringOf(Pattern pattern, StringRole role, Dictionary<Pattern, JsonStringAutomaton> made)
    {
        if (!made.TryGetValue(pattern, out JsonStringAutomaton? known))
            made[pattern] = known = new JsonStringAutomaton(ContentOf(pattern), role);
        return known;
    }

    private ContentAutomaton ContentOf(Pattern pattern) =>
        pattern == _pool.Everything ? new LengthAutomaton(0, Pattern.Unbounded)
        : pattern.Kind == PatternKind.Repeat && pattern.Parts[0] == _pool.Any ? new LengthAutomaton(pattern.Min, pattern.Max)
        : pattern.Kind == PatternKind.Texts ? new TextsAutomaton(TextsAutomaton.InOrder(pattern.Texts))
        : Bounds(pattern) is { } bounds
            ? new BoundedAutomaton(new PatternAutomaton(_pool, Without(pattern, bounds)), bounds.Min, bounds.Max)
        : new PatternAutomaton(_pool, pattern);

    /// <summary>The part of a pattern that bounds its length and nothing else; null where there is none.</summary>
    private Pattern? Bounds(Pattern pattern) =>
        System.Array.Find(pattern.Kind == PatternKind.And ? pattern.Parts : [pattern], part =>
            part.Kind == PatternKind.Repeat && part.Parts[0] == _pool.Any && part != _pool.Everything);

    /// <summary>A pattern without its bounds.</summary>
    private Pattern Without(Pattern pattern, Pattern bounds) =>
        pattern == bounds ? _pool.Everything : _pool.And([.. pattern.Parts.Where(part => part != bounds)]);

    private ObjectNode ObjectOf(ObjectShape shape)
    {
        if (shape.Exists.Count > 3)
            throw new GrammarException("not", "", "it asks for too many members whose names are not known.");
        HashSet<string> names = [.. shape.Named.Keys, .. shape.Required];
        foreach ((string name, string[] needs) in shape.Needs)
            names.UnionWith([name, .. needs]);
        List<Pattern> patterns = [];
        foreach ((NameSet set, _) in shape.Rules.Concat(shape.Exists))
        {
            names.UnionWith(set.NotNames);
            if (set.Within is { } within && !patterns.Contains(within))
                patterns.Add(within);
            patterns.AddRange(set.NotPatterns.Where(pattern => !patterns.Contains(pattern)));
        }

        bool isListed = shape.Names is { Kind: PatternKind.Texts or PatternKind.Empty or PatternKind.Nothing };
        if (isListed)
            names.UnionWith(shape.Names!.Kind == PatternKind.Texts ? shape.Names.Texts : shape.Names.Kind == PatternKind.Empty ? [""] : []);
        _members += names.Count;
        if (names.Count > MaxNames || _members > MaxMembers)
        {
            throw new GrammarException(
                "properties", "", $"there are too many: an object may list {MaxNames} names, and all together {MaxMembers}.");
        }

        if (patterns.Count > MaxPatterns && !isListed)
            throw new GrammarException("patternProperties", "", $"more than {MaxPatterns} patterns apply to one object.");
        string[] ordered = TextsAutomaton.InOrder(names);
        Dictionary<string, int> index = [];
        for (int i = 0; i < ordered.Length; i++)
            index[ordered[i]] = i;
        ulong[] required = Bits(shape.Required.Select(name => index[name]), ordered.Length);
        int[]?[] needed = new int[]?[ordered.Length];
        foreach ((string name, string[] needs) in shape.Needs)
            needed[index[name]] = [.. needed[index[name]] ?? [], .. needs.Select(need => index[need])];

        return new ObjectNode(
            ordered,
            [.. ordered.Select(name => OptionsOf(
                shape.LiteralsOf(name, _pool),
                [.. shape.Exists.Select(exists => exists.Names.Contains(name, _pool) ? exists.Literals : null)]))],
            required,
            needed,
            isListed ? [] : ClassesOf(shape, patterns, ordered),
            shape.Min,
            shape.Max,
            shape.Exists.Count);
    }

    private static ulong[] Bits(IEnumerable<int> names, int count)
    {
        ulong[] bits = new ulong[(count + 63) / 64];
        foreach (int name in names)
            bits[name >> 6] |= 1UL << name;
        return bits;
    }

    /// <summary>The classes of names that are not listed: by which of the patterns they match.</summary>
    private List<(Pattern Names, List<(uint, Node)> Options)> ClassesOf(ObjectShape shape, List<Pattern> patterns, string[] listed)
    {
        List<(Pattern Names, List<(uint, Node)> Options)> classes = [];
        Pattern notListed = listed.Length == 0 ? _pool.Everything : _pool.Not(_pool.Texts(listed));
        for (int set = 0; set < 1 << patterns.Count; set++)
        {
            bool Has(Pattern pattern) => (set >> patterns.IndexOf(pattern) & 1) != 0;
            bool Applies(NameSet names) => (names.Within is null || Has(names.Within)) && !System.Array.Exists(names.NotPatterns, Has);
            int[] literals = Literals.Always;
            foreach ((NameSet names, int[] more) in shape.Rules)
            {
                if (Applies(names))
                    literals = Literals.Union(literals, more);
            }

            if (literals is [Literals.False])
                continue;
            Pattern[] parts = [.. patterns.Select(pattern => Has(pattern) ? pattern : _pool.Not(pattern))];
            Pattern language = _pool.And([.. parts, shape.Names ?? _pool.Everything]);
            if (language != _pool.Everything && !_pool.IsLive(_pool.And(language, notListed)))
                continue;
            List<(uint, Node)> options = OptionsOf(literals, [.. shape.Exists.Select(one => Applies(one.Names) ? one.Literals : null)]);
            int same = classes.FindIndex(known => known.Options.SequenceEqual(options));
            if (same >= 0)
                classes[same] = (_pool.Or(classes[same].Names, language), options);
            else
                classes.Add((language, options));
        }

        return classes;
    }

    /// <summary>The ways on for a member: counted for some of what must be there, or not.</summary>
    private List<(uint Counts, Node Node)> OptionsOf(int[] literals, int[]?[] exists)
    {
        List<(uint, Node)> options = [];
        for (uint set = 0; set < 1u << exists.Length; set++)
        {
            int[]? all = literals;
            for (int i = 0; i < exists.Length && all is not null; i++)
            {
                if ((set >> i & 1) != 0)
                    all = exists[i] is { } more ? Literals.Union(all, more) : null;
            }

            if (all is not null and not [Literals.False])
                options.Add((set, NodeOf(all)));
        }

        return options;
    }

    private ArrayNode ArrayOf(ArrayShape shape)
    {
        if (shape.UniqueAt is { } at && shape.Max > 1 && (shape.First.Length > 0 || shape.Contains.Length > 0))
            throw new GrammarException("uniqueItems", at, "it cannot be enforced beside prefixItems or contains.");
        if (shape.Contains.Length > 3)
            throw new GrammarException("contains", "", "too many of them apply to one array.");
        // A place for each item that is told apart, and one for the rest.
        int places = Math.Max(shape.First.Length, shape.Contains.Select(rule => rule.From).DefaultIfEmpty(0).Max()) + 1;
        List<List<(uint, Node)>> items = [];
        for (int place = 0; place < places; place++)
        {
            List<(uint, Node)> options = [];
            for (uint set = 0; set < 1u << shape.Contains.Length; set++)
            {
                int[]? literals = shape.LiteralsOf(place);
                for (int i = 0; i < shape.Contains.Length && literals is not null; i++)
                {
                    ContainsRule rule = shape.Contains[i];
                    bool counts = (set >> i & 1) != 0;
                    if (place < rule.From)
                        literals = counts ? null : literals;
                    else if (counts)
                        literals = Literals.Union(literals, rule.Is);
                    else if (rule.Max != int.MaxValue)
                        literals = Literals.Union(literals, rule.IsNot);
                }

                if (literals is not null and not [Literals.False])
                    options.Add((set, NodeOf(literals)));
            }

            items.Add(options);
        }

        return new ArrayNode(
            items,
            shape.Min,
            shape.Max,
            [.. shape.Contains.Select(rule => rule.Min)],
            [.. shape.Contains.Select(rule => rule.Max)],
            shape.Max > 1 ? shape.UniqueAt : null);
    }

    private void Finish(Node node)
    {
        foreach (ObjectNode one in node.Objects.Where(one => one.IsAlive))
        {
            bool[] allowed = one.Allowed();
            node.Value.Objects.Add(new JsonObject
            {
                Marks = _marks,
                Names = one.Names,
                Values = [.. one.Options.Select((options, i) => allowed[i] ? ValuesOf(options) : [])],
                Required = one.Required,
                Needs = [.. one.Needs.Select(needs => needs is null ? null : Bits(needs, one.Names.Length))],
                Others =
                [
                    .. one.Others
                        .Select(other => (other.Names, Values: ValuesOf(other.Options)))
                        .Where(other => other.Values.Length > 0)
                        .Select(other => (StringOf(other.Names, StringRole.OtherName, _names), other.Values)),
                ],
                Min = one.Min,
                Max = one.Max,
                Counts = [.. Enumerable.Repeat(1, one.Counts)],
            });
        }

        foreach (ArrayNode one in node.Arrays.Where(one => one.IsAlive))
        {
            node.Value.Arrays.Add(new JsonArray
            {
                Marks = _marks,
                Items = [.. one.Items.Select(ValuesOf)],
                Min = one.Min,
                Max = one.Last,
                Counts = one.Counts,
                Limits = one.Limits,
                Unique = one.UniqueAt is null ? null : UniqueOf(one),
            });
        }
    }

    /// <summary>The automata of items of which each stands once: what they wrote is told apart by its hash.</summary>
    private ByteAutomaton[] UniqueOf(ArrayNode array)
    {
        List<ByteAutomaton> unique = [];
        int finite = 0;
        foreach (Node item in array.Items[0].Select(option => option.Node).Where(node => node.IsAlive))
        {
            if (item.Objects.Exists(one => one.IsAlive) || item.Arrays.Exists(one => one.IsAlive))
                throw new GrammarException("uniqueItems", array.UniqueAt!, "it cannot be enforced where items are objects or arrays.");
            foreach (ByteAutomaton scalar in item.Value.Scalars)
            {
                if (scalar is NumberAutomaton)
                    throw new GrammarException("uniqueItems", array.UniqueAt!, "it cannot be enforced where items are numbers.");
                if (scalar is JsonStringAutomaton text)
                {
                    bool isListed = text.Content is TextsAutomaton;
                    finite = !isListed || finite == int.MaxValue ? int.MaxValue : finite + ((TextsAutomaton)text.Content).Hashes.Length;
                    unique.Add(new JsonStringAutomaton(text.Content, isListed ? StringRole.ListedItem : StringRole.OtherItem));
                }
                else
                {
                    finite = finite == int.MaxValue ? finite : finite + 1;
                    unique.Add(scalar);
                }
            }
        }

        return finite >= array.Min
            ? [.. unique]
            : throw new GrammarException("uniqueItems", array.UniqueAt!, $"there are not {array.Min} different items.");
    }

    private static ValueOption[] ValuesOf(List<(uint Counts, Node Node)> options) =>
        [.. options.Where(option => option.Node.IsAlive).Select(option => new ValueOption(option.Node.Value, option.Counts))];

    private static bool IsAnyAlive(List<(uint Counts, Node Node)> options)
    {
        foreach ((_, Node node) in options)
        {
            if (node.IsAlive)
                return true;
        }

        return false;
    }

    /// <summary>A conjunction of schemas that a value may have to fit.</summary>
    private sealed class Node(int[] literals, JsonValue value)
    {
        public int[] Literals => literals;

        public JsonValue Value => value;

        public List<ObjectNode> Objects { get; } = [];

        public List<ArrayNode> Arrays { get; } = [];

        /// <summary>Whether any value fits, as far as is known.</summary>
        public bool IsAlive { get; set; }

        /// <summary>Looks again; says whether more is known than before.</summary>
        public bool Test()
        {
            bool isChanged = false;
            foreach (ObjectNode one in Objects)
                isChanged |= !one.IsAlive && (one.IsAlive = one.Test());
            foreach (ArrayNode one in Arrays)
                isChanged |= !one.IsAlive && (one.IsAlive = one.Test());
            IsAlive |= isChanged;
            return isChanged;
        }
    }

    private sealed class ObjectNode(
        string[] names,
        List<(uint Counts, Node Node)>[] options,
        ulong[] required,
        int[]?[] needs,
        List<(Pattern Names, List<(uint Counts, Node Node)> Options)> others,
        int min,
        int max,
        int counts)
    {
        public string[] Names => names;

        public List<(uint Counts, Node Node)>[] Options => options;

        public ulong[] Required => required;

        public int[]?[] Needs => needs;

        public List<(Pattern Names, List<(uint Counts, Node Node)> Options)> Others => others;

        public int Min => min;

        public int Max => max;

        public int Counts => counts;

        public bool IsAlive { get; set; }

        /// <summary>Which members may be there, each with all that it needs.</summary>
        public bool[] Allowed()
        {
            bool[] allowed = [.. options.Select(IsAnyAlive)];
            if (System.Array.TrueForAll(needs, more => more is null))
                return allowed;

            ILookup<int, int> needers = Enumerable.Range(0, names.Length)
                .SelectMany(name => (needs[name] ?? []).Select(need => (Need: need, Name: name)))
                .ToLookup(edge => edge.Need, edge => edge.Name);
            Stack<int> dead = new(Enumerable.Range(0, names.Length).Where(name => !allowed[name]));
            while (dead.TryPop(out int need))
            {
                foreach (int name in needers[need])
                {
                    if (allowed[name])
                        dead.Push(name);

                    allowed[name] = false;
                }
            }

            return allowed;
        }

        public bool Test()
        {
            bool[] allowed = Allowed();
            HashSet<int> must = Must();
            if (must.Count > max || must.Any(name => !allowed[name]))
                return false;
            bool hasOthers = others.Exists(other => IsAnyAlive(other.Options));
            if (!hasOthers && min > 0)
            {
                if (allowed.Count(may => may) < min)
                    return false;
            }

            for (int i = 0; i < counts; i++)
            {
                bool Counts((uint Counts, Node Node) option) => (option.Counts >> i & 1) != 0 && option.Node.IsAlive;
                bool isFound = others.Exists(other => other.Options.Exists(Counts));
                for (int name = 0; name < names.Length && !isFound; name++)
                    isFound = options[name].Exists(Counts) && allowed[name];
                if (!isFound || max == 0)
                    return false;
            }

            return true;
        }

        /// <summary>The members that must be there, with all that they need.</summary>
        private HashSet<int> Must()
        {
            HashSet<int> must = [];
            Stack<int> waiting = new(Enumerable.Range(0, names.Length).Where(name => (required[name >> 6] >> name & 1) != 0));
            while (waiting.TryPop(out int next))
            {
                if (!must.Add(next))
                    continue;
                foreach (int need in needs[next] ?? [])
                    waiting.Push(need);
            }

            return must;
        }
    }

    private sealed class ArrayNode(
        List<List<(uint Counts, Node Node)>> items,
        int min,
        int max,
        int[] counts,
        int[] limits,
        string? uniqueAt)
    {
        public string? UniqueAt => uniqueAt;

        public List<List<(uint Counts, Node Node)>> Items => items;

        public int Min => min;

        public int[] Counts => counts;

        public int[] Limits => limits;

        public bool IsAlive { get; set; }

        /// <summary>The most items that can be there.</summary>
        public int Last
        {
            get
            {
                int dead = items.FindIndex(options => !IsAnyAlive(options));
                return dead < 0 ? max : Math.Min(max, dead);
            }
        }

        public bool Test()
        {
            int last = Last;
            if (min > last)
                return false;
            for (int i = 0; i < counts.Length; i++)
            {
                int left = counts[i];
                if (left > limits[i])
                    return false;
                for (int place = 0; place < Math.Min(items.Count, last) && left > 0; place++)
                {
                    if (!items[place].Exists(option => (option.Counts >> i & 1) != 0 && option.Node.IsAlive))
                        continue;
                    // The last place stands for all further ones.
                    left -= place == items.Count - 1 ? Math.Min(left, last - place) : 1;
                }

                if (left > 0)
                    return false;
            }

            return true;
        }
    }
}
