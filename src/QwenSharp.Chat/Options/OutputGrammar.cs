namespace QwenSharp.Chat;

/// <summary>What the text of an answer must be, where it is no JSON.</summary>
public abstract record OutputGrammar
{
    private OutputGrammar()
    {
    }

    /// <summary>All of it matches a regular expression.</summary>
    /// <param name="Pattern">In the syntax of ECMA-262, without look-around and back references; anchored at both ends.</param>
    public sealed record Regex(string Pattern) : OutputGrammar;

    /// <summary>It is one of some texts.</summary>
    /// <param name="Texts">At least one.</param>
    public sealed record Choice(IReadOnlyList<string> Texts) : OutputGrammar;

    /// <summary>It is derived from <c>root</c> by the rules of a grammar as llama.cpp reads them.</summary>
    /// <param name="Text">The rules.</param>
    public sealed record Gbnf(string Text) : OutputGrammar;
}
