using System.Text.Json;

namespace QwenSharp.Grammars.Schemas;

/// <summary>The drafts of JSON Schema that differ in what they mean.</summary>
internal enum Draft
{
    Draft3,
    Draft4,
    Draft6,
    Draft7,
    Draft2019,
    Draft2020,
}

/// <summary>A schema inside of a document.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Element">Its JSON.</param>
/// <param name="Pointer">Where it stands.</param>
internal sealed record Schema(int Id, JsonElement Element, string Pointer)
{
    /// <summary>The literal that asks for the schema.</summary>
    public int Is => 2 * Id;

    /// <summary>The literal that asks for its opposite.</summary>
    public int IsNot => (2 * Id) + 1;
}

/// <summary>
/// Sets of literals: a conjunction of schemas and of opposites of schemas. Sorted, without what says nothing; a contradiction is
/// <see cref="Never"/>.
/// </summary>
internal static class Literals
{
    public const int True = 0;
    public const int False = 1;

    public static int[] Always { get; } = [];

    public static int[] Never { get; } = [False];

    public static int[] Of(int literal) => literal == True ? Always : [literal];

    public static int[] Union(int[] a, int[] b)
    {
        if (a.Length == 0)
            return b;
        if (b.Length == 0)
            return a;
        SortedSet<int> all = [.. a, .. b];
        foreach (int literal in all)
        {
            if (literal == False || all.Contains(literal ^ 1))
                return Never;
        }

        return [.. all];
    }
}
