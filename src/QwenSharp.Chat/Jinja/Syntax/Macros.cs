using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Syntax;

internal sealed record MacroParameter(string Name, Expression? Default);

/// <summary>
/// What a macro is; <paramref name="Free"/> are those of caller, kwargs and varargs that its body mentions. A call block's body is a macro
/// without a name.
/// </summary>
internal sealed record MacroDefinition(
    string Name,
    IReadOnlyList<MacroParameter> Parameters,
    IReadOnlyList<Statement> Body,
    IReadOnlySet<string> Free)
{
    public bool Uses(string name) => Free.Contains(name);
}

/// <summary><c>{% macro name(parameters) %}…{% endmacro %}</c>.</summary>
internal sealed class MacroStatement(MacroDefinition definition) : Statement
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        scope[definition.Name] = new Macro(definition, scope);
        return Flow.Next;
    }
}

/// <summary><c>{% call(parameters) macro(arguments) %}…{% endcall %}</c>: the macro may call <c>caller</c> for the body.</summary>
internal sealed class CallBlock(Call call, MacroDefinition body) : Statement
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        output.Append(Repr.ToText(scope.Runtime, call.Invoke(scope, new Macro(body, scope))));
        return Flow.Next;
    }
}
