namespace QwenSharp.Grammars.Patterns;

/// <summary>What a <see cref="Pattern"/> is.</summary>
internal enum PatternKind
{
    /// <summary>Matches nothing.</summary>
    Nothing,

    /// <summary>Matches the empty text.</summary>
    Empty,

    /// <summary>One code point of a set.</summary>
    Class,

    /// <summary>One of some texts.</summary>
    Texts,

    /// <summary>The first, then the second.</summary>
    Sequence,

    /// <summary>A pattern, so many times.</summary>
    Repeat,

    /// <summary>Any of the patterns.</summary>
    Or,

    /// <summary>All of the patterns.</summary>
    And,

    /// <summary>All texts but those of the pattern.</summary>
    Not,
}

/// <summary>A transition of an automaton over code points.</summary>
internal readonly record struct Edge(int First, int Last, int Next);

/// <summary>A regular language over code points, closed under all set operations. Equal patterns of one pool are the same object.</summary>
internal sealed class Pattern
{
    public const int Unbounded = int.MaxValue;

    public required int Id { get; init; }

    public required PatternKind Kind { get; init; }

    public required bool IsNullable { get; init; }

    /// <summary>Whether no intersection and no complement is in it, so that it is empty only where it is <c>Nothing</c>.</summary>
    public required bool IsPlain { get; init; }

    public CodeSet Set { get; init; } = CodeSet.None;

    public string[] Texts { get; init; } = [];

    public Pattern[] Parts { get; init; } = [];

    public int Min { get; init; }

    public int Max { get; init; }

    /// <summary>Derivatives by ranges, whether anything can come of them or not; null until they are asked for.</summary>
    internal Edge[]? Derivatives { get; set; }

    /// <summary>The same, those alone that something can come of.</summary>
    internal Edge[]? LiveEdges { get; set; }

    internal bool? IsLive { get; set; }
}
