using QwenSharp.Grammars.Automata;
using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars.Schemas;

/// <summary>A set of names of members.</summary>
/// <param name="Within">The names are of this pattern; null for any.</param>
/// <param name="NotNames">Names that are not in the set.</param>
/// <param name="NotPatterns">Patterns whose names are not.</param>
internal sealed record NameSet(Pattern? Within, IReadOnlySet<string> NotNames, Pattern[] NotPatterns)
{
    private static readonly HashSet<string> NoNames = [];

    public static NameSet Of(Pattern pattern) => new(pattern, NoNames, []);

    public bool Contains(string name, PatternPool pool) =>
        !NotNames.Contains(name)
        && (Within is null || pool.Matches(Within, name))
        && !Array.Exists(NotPatterns, pattern => pool.Matches(pattern, name));
}

/// <summary>What an object must be, as a conjunction.</summary>
internal sealed record ObjectShape
{
    public static ObjectShape Any { get; } = new();

    /// <summary>Literals of members by name.</summary>
    public Dictionary<string, int[]> Named { get; init; } = [];

    /// <summary>Literals of all members whose names are in a set.</summary>
    public List<(NameSet Names, int[] Literals)> Rules { get; init; } = [];

    public HashSet<string> Required { get; init; } = [];

    /// <summary>Names that must be there where another is.</summary>
    public List<(string Name, string[] Needs)> Needs { get; init; } = [];

    public int Min { get; init; }

    public int Max { get; init; } = int.MaxValue;

    /// <summary>The language of the names; null for any.</summary>
    public Pattern? Names { get; init; }

    /// <summary>Members that must be there: at least one with a name in a set and a value of literals, each.</summary>
    public List<(NameSet Names, int[] Literals)> Exists { get; init; } = [];

    /// <summary>Which members a schema has looked at; null where nobody asks.</summary>
    public Evaluated? Seen { get; init; }

    /// <summary>How much of it there is to put together.</summary>
    public int Size => Named.Count + Rules.Count + Required.Count + Needs.Count + Exists.Count + (Seen?.Names.Count ?? 0);

    public int[] LiteralsOf(string name, PatternPool pool)
    {
        if (Names is not null && !pool.Matches(Names, name))
            return Literals.Never;
        int[] literals = Named.GetValueOrDefault(name, Literals.Always);
        foreach ((NameSet names, int[] more) in Rules)
        {
            if (names.Contains(name, pool))
                literals = Literals.Union(literals, more);
        }

        return literals;
    }

    public static ObjectShape And(ObjectShape a, ObjectShape b, PatternPool pool)
    {
        if (ReferenceEquals(a, Any) || ReferenceEquals(a, b))
            return b;
        if (ReferenceEquals(b, Any))
            return a;
        Dictionary<string, int[]> named = new(a.Named);
        foreach ((string name, int[] literals) in b.Named)
            named[name] = Literals.Union(named.GetValueOrDefault(name, Literals.Always), literals);
        return new ObjectShape
        {
            Named = named,
            Rules = [.. a.Rules, .. b.Rules],
            Required = [.. a.Required, .. b.Required],
            Needs = [.. a.Needs, .. b.Needs],
            Min = Math.Max(a.Min, b.Min),
            Max = Math.Min(a.Max, b.Max),
            Names = a.Names is null ? b.Names : b.Names is null ? a.Names : pool.And(a.Names, b.Names),
            Exists = [.. a.Exists, .. b.Exists],
            Seen = Evaluated.Or(a.Seen, b.Seen),
        };
    }
}

/// <summary>Which members, or items, a schema has looked at.</summary>
/// <param name="Names">Members by name.</param>
/// <param name="Patterns">Members by pattern.</param>
/// <param name="Items">The first so many items.</param>
/// <param name="All">All of them.</param>
internal sealed record Evaluated(HashSet<string> Names, Pattern[] Patterns, int Items, bool All)
{
    public static Evaluated Everything { get; } = new([], [], 0, true);

    public static Evaluated? Or(Evaluated? a, Evaluated? b) =>
        a is null ? b
        : b is null ? a
        : new Evaluated([.. a.Names, .. b.Names], [.. a.Patterns, .. b.Patterns], Math.Max(a.Items, b.Items), a.All || b.All);
}

/// <summary>How many items must be, and may be, of literals.</summary>
/// <param name="Is">The literals.</param>
/// <param name="IsNot">Their opposite.</param>
/// <param name="Min">At least so many.</param>
/// <param name="Max">At most so many.</param>
/// <param name="From">The first item that counts.</param>
internal sealed record ContainsRule(int[] Is, int[] IsNot, int Min, int Max, int From);

/// <summary>What an array must be, as a conjunction.</summary>
internal sealed record ArrayShape
{
    public static ArrayShape Any { get; } = new();

    /// <summary>Literals of the first items.</summary>
    public int[][] First { get; init; } = [];

    /// <summary>Literals of all further items.</summary>
    public int[] Rest { get; init; } = Literals.Always;

    public int Min { get; init; }

    public int Max { get; init; } = int.MaxValue;

    public ContainsRule[] Contains { get; init; } = [];

    /// <summary>Where it is asked that no two items are equal; null where it is not.</summary>
    public string? UniqueAt { get; init; }

    public Evaluated? Seen { get; init; }

    public int[] LiteralsOf(int index) => index < First.Length ? First[index] : Rest;

    public static ArrayShape And(ArrayShape a, ArrayShape b)
    {
        if (ReferenceEquals(a, Any) || ReferenceEquals(a, b))
            return b;
        if (ReferenceEquals(b, Any))
            return a;
        int[][] first = new int[Math.Max(a.First.Length, b.First.Length)][];
        for (int i = 0; i < first.Length; i++)
            first[i] = Literals.Union(a.LiteralsOf(i), b.LiteralsOf(i));
        return new ArrayShape
        {
            First = first,
            Rest = Literals.Union(a.Rest, b.Rest),
            Min = Math.Max(a.Min, b.Min),
            Max = Math.Min(a.Max, b.Max),
            Contains = [.. a.Contains, .. b.Contains],
            UniqueAt = a.UniqueAt ?? b.UniqueAt,
            Seen = Evaluated.Or(a.Seen, b.Seen),
        };
    }
}

/// <summary>What a value may be, by its type: objects and arrays as any of some conjunctions, all else as one set.</summary>
internal sealed record Shape
{
    public required bool Null { get; init; }

    public required bool True { get; init; }

    public required bool False { get; init; }

    public required NumberSet Number { get; init; }

    public required Pattern String { get; init; }

    public required ObjectShape[] Objects { get; init; }

    public required ArrayShape[] Arrays { get; init; }
}
