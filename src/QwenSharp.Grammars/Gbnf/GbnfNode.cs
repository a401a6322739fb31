using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars.Gbnf;

/// <summary>A part of a rule.</summary>
internal abstract record GbnfNode
{
    /// <summary>Text that is the same each time.</summary>
    public sealed record Text(string Value) : GbnfNode;

    /// <summary>One character.</summary>
    public sealed record Class(CodeSet Set) : GbnfNode;

    /// <summary>Parts, one after the other.</summary>
    public sealed record Sequence(GbnfNode[] Parts) : GbnfNode;

    /// <summary>One of some parts.</summary>
    public sealed record Choice(GbnfNode[] Parts) : GbnfNode;

    /// <summary>A part, so many times.</summary>
    public sealed record Repeat(GbnfNode Part, int Min, int Max) : GbnfNode;

    /// <summary>Another rule.</summary>
    public sealed record Rule(string Name) : GbnfNode;
}
