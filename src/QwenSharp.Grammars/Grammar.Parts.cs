using System.Text;
using QwenSharp.Grammars.Automata;
using QwenSharp.Grammars.Matching;
using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars;

/// <content>Grammars made of others.</content>
public sealed partial class Grammar
{
    /// <summary>Any JSON value.</summary>
    public static Grammar AnyJson() => FromSchemaText("true");

    /// <summary>Any JSON object.</summary>
    public static Grammar AnyJsonObject() => FromSchemaText("""{"type": "object"}""");

    /// <summary>One text, exactly. It may be empty.</summary>
    public static Grammar Literal(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new Grammar(new TerminalExpression(new LiteralAutomaton(Encoding.UTF8.GetBytes(text))));
    }

    /// <summary>Grammars, one after the other.</summary>
    public static Grammar Sequence(params ReadOnlySpan<Grammar> parts) => new(new SequenceExpression(Expressions(parts)));

    /// <summary>One of some grammars.</summary>
    /// <exception cref="GrammarException">There is none.</exception>
    public static Grammar Choice(params ReadOnlySpan<Grammar> parts) =>
        parts.IsEmpty ? throw new GrammarException("choice", "", "there is none.") : new Grammar(new ChoiceExpression(Expressions(parts)));

    /// <summary>A grammar, so many times.</summary>
    /// <param name="part">The grammar.</param>
    /// <param name="min">At least so many times.</param>
    /// <param name="max">At most so many times.</param>
    public static Grammar Repeat(Grammar part, int min = 0, int max = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(part);
        ArgumentOutOfRangeException.ThrowIfNegative(min);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, min);
        return new Grammar(new RepeatExpression(part.Expression, min, max));
    }

    /// <summary>A grammar, or nothing.</summary>
    public static Grammar Optional(Grammar part) => Repeat(part, 0, 1);

    /// <summary>Grammars in any order, each at most once.</summary>
    /// <param name="parts">At most 64, none of which may be empty text; and whether each may not be left out.</param>
    /// <exception cref="GrammarException">There are more.</exception>
    public static Grammar InAnyOrder(IReadOnlyList<(Grammar Part, bool IsRequired)> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count > 64)
            throw new GrammarException("order", "", $"{parts.Count} parts in any order are more than 64.");

        ulong required = 0;
        for (int i = 0; i < parts.Count; i++)
            required |= parts[i].IsRequired ? 1UL << i : 0;

        return new Grammar(new AnyOrderExpression([.. parts.Select(part => part.Part.Expression)], required));
    }

    /// <summary>Any text in which none of some literals stands. It may be empty.</summary>
    /// <exception cref="GrammarException">A literal is empty.</exception>
    public static Grammar TextWithout(params ReadOnlySpan<string> literals)
    {
        PatternPool pool = new();
        List<Pattern> found = [];
        foreach (string literal in literals)
        {
            Check(literal);
            found.Add(pool.Sequence(pool.Everything, pool.Text(literal), pool.Everything));
        }

        return literals.Length == 1
            ? Search(literals[0], until: false)
            : new Grammar(new TerminalExpression(new TextAutomaton(new PatternAutomaton(pool, pool.Not(pool.Or([.. found]))))));
    }

    /// <summary>
    /// Any text up to a literal that ends it, with the literal. It is one automaton: better than a text without the literal and the literal
    /// behind it, as each of its states says by itself which tokens may come.
    /// </summary>
    /// <exception cref="GrammarException">The literal is empty.</exception>
    public static Grammar TextUntil(string literal)
    {
        Check(literal);
        return Search(literal, until: true);
    }

    private static void Check(string literal)
    {
        if (string.IsNullOrEmpty(literal))
            throw new GrammarException("literal", "", "it is empty.");
    }

    private static Grammar Search(string literal, bool until) => new(new TerminalExpression(TextAutomaton.Of(literal, until)));

    private static Grammar FromSchemaText(string schema)
    {
        using System.Text.Json.JsonDocument document = System.Text.Json.JsonDocument.Parse(schema);
        return FromJsonSchema(document.RootElement);
    }

    private static Expression[] Expressions(ReadOnlySpan<Grammar> parts)
    {
        Expression[] expressions = new Expression[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(parts[i]);
            expressions[i] = parts[i].Expression;
        }

        return expressions;
    }
}
