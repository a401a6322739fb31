using System.Runtime.CompilerServices;
using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Syntax;

/// <summary>The tokens of a template, read one after the other.</summary>
internal sealed class TokenStream(IReadOnlyList<Token> tokens)
{
    private int _position;

    public Token Current => tokens[_position];

    public Token Ahead => tokens[Math.Min(_position + 1, tokens.Count - 1)];

    public Token Next()
    {
        Token token = Current;
        _position = Math.Min(_position + 1, tokens.Count - 1);
        return token;
    }

    public bool SkipOperator(string op) => Skip(Current.IsOperator(op));

    public bool SkipName(string name) => Skip(Current.IsName(name));

    public Token Expect(TokenKind kind) => Current.Kind == kind ? Next()
        : throw Unexpected(kind == TokenKind.Name ? "name" : new Token(kind, string.Empty, 0).Description);

    public void ExpectOperator(string op) => _ = Current.IsOperator(op) ? Next() : throw Unexpected(op);

    public void ExpectName(string name) => _ = Current.IsName(name) ? Next() : throw Unexpected(name);

    public TemplateException Error(string message, int? line = null) =>
        new($"line {line ?? Current.Line}: {message}", line ?? Current.Line);

    /// <summary>Refuses to go deeper than the stack allows.</summary>
    public void CheckDepth()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw Error("the template nests too deeply");
    }

    private TemplateException Unexpected(string wanted) => Current.Kind == TokenKind.End
        ? Error($"unexpected end of template, expected {Repr.Quote(wanted)}.")
        : Error($"expected token {Repr.Quote(wanted)}, got {Repr.Quote(Current.Description)}");

    private bool Skip(bool matches)
    {
        if (matches)
            Next();

        return matches;
    }
}
