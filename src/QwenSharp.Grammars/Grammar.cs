using System.Text.Json;
using QwenSharp.Grammars.Automata;
using QwenSharp.Grammars.Matching;
using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars;

/// <summary>
/// What a text must be, compiled to one automaton over bytes. It never changes and may be shared by any number of
/// <see cref="GrammarMatcher"/>s and threads.
/// </summary>
public sealed partial class Grammar
{
    private Grammar(Expression expression) => Expression = expression;

    internal Expression Expression { get; }

    /// <summary>JSON that a schema takes as valid, in any order of an object's members, with at most one space or new line between
    /// its parts.</summary>
    /// <param name="schema">A schema of draft 4, 6, 7, 2019-09 or 2020-12; without <c>$schema</c> the last.</param>
    /// <exception cref="GrammarException">A keyword cannot be enforced exactly, or the schema is malformed.</exception>
    public static Grammar FromJsonSchema(JsonElement schema) => new(Schemas.SchemaCompiler.Compile(schema));

    /// <summary>
    /// Texts that a schema takes, as they are and without quotes, up to a literal that ends them, with the literal; it does not stand in
    /// them. Values of other types are let out.
    /// </summary>
    /// <param name="schema">As for <see cref="FromJsonSchema"/>.</param>
    /// <param name="end">The literal.</param>
    /// <exception cref="GrammarException">A keyword cannot be enforced exactly, the schema is malformed, or no text is valid.</exception>
    public static Grammar TextOfJsonSchema(JsonElement schema, string end)
    {
        Check(end);
        return new(new TerminalExpression(Schemas.SchemaCompiler.CompileText(schema, end)));
    }

    /// <summary>Texts that a regular expression matches as a whole.</summary>
    /// <param name="pattern">An expression as ECMA-262 reads it, without back references and lookbehind.</param>
    /// <exception cref="GrammarException">The expression is malformed or not supported.</exception>
    public static Grammar FromRegex(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        PatternPool pool = new();
        return Of(pool, PatternParser.Whole(pool, pattern), "pattern");
    }

    /// <summary>One of some texts.</summary>
    /// <exception cref="GrammarException">There is none.</exception>
    public static Grammar FromChoices(IReadOnlyList<string> choices)
    {
        ArgumentNullException.ThrowIfNull(choices);
        PatternPool pool = new();
        return Of(pool, pool.Texts(choices), "choice");
    }

    /// <summary>Texts of the rule <c>root</c> of a grammar in GBNF, llama.cpp's form.</summary>
    /// <exception cref="GrammarException">The grammar is malformed, or a rule begins with itself.</exception>
    public static Grammar FromGbnf(string grammar)
    {
        ArgumentNullException.ThrowIfNull(grammar);
        return new Grammar(Gbnf.GbnfCompiler.Compile(grammar));
    }

    private static Grammar Of(PatternPool pool, Pattern pattern, string keyword) =>
        pool.IsLive(pattern)
            ? new Grammar(new TerminalExpression(new TextAutomaton(new PatternAutomaton(pool, pattern))))
            : throw new GrammarException(keyword, "", "no text matches it.");
}
