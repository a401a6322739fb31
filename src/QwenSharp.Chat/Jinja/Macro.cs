using QwenSharp.Chat.Jinja.Python;
using QwenSharp.Chat.Jinja.Syntax;

namespace QwenSharp.Chat.Jinja;

/// <summary>A macro together with the names around its definition.</summary>
internal sealed class Macro(MacroDefinition definition, Scope around) : Callable(definition.Name)
{
    public bool IsAnonymous => definition.Name.Length == 0;

    public override object? Call(Runtime runtime, Arguments arguments)
    {
        Scope scope = around.Inner();
        Assign(scope, arguments);
        runtime.Budget.Enter();
        TextBuilder output = runtime.NewBuilder();
        Statement.ExecuteAll(definition.Body, scope, output);
        runtime.Budget.Leave();
        return output.ToText();
    }

    public override object? Attribute(string name) => name switch
    {
        "name" => IsAnonymous ? null : Text.FromTemplate(Name),
        "arguments" => new Sequence([.. definition.Parameters.Select(parameter => Text.FromTemplate(parameter.Name))], isTuple: true),
        "catch_kwargs" => definition.Uses("kwargs"),
        "catch_varargs" => definition.Uses("varargs"),
        "caller" => definition.Uses("caller"),
        _ => Absent.Value,
    };

    private void Assign(Scope scope, Arguments arguments)
    {
        Runtime runtime = scope.Runtime;
        Dictionary<string, object?> named = new(arguments.Named.Count);
        foreach ((string name, object? value) in arguments.Named)
            named[name] = value;

        for (int i = 0; i < definition.Parameters.Count; i++)
        {
            MacroParameter parameter = definition.Parameters[i];
            scope[parameter.Name] = i < arguments.Positional.Count ? arguments.Positional[i]
                : named.Remove(parameter.Name, out object? value) ? value
                : parameter.Default is not null ? parameter.Default.Value(scope)
                : new Undefined($"parameter {Repr.Quote(parameter.Name)} was not provided");
        }

        if (definition.Uses("caller") && !definition.Parameters.Any(parameter => parameter.Name == "caller"))
            scope["caller"] = named.Remove("caller", out object? caller) ? caller : new Undefined("No caller defined");

        if (definition.Uses("kwargs"))
        {
            Mapping rest = runtime.NewMapping();
            foreach ((string name, object? value) in named)
                rest[Text.FromTemplate(name)] = value;

            scope["kwargs"] = rest;
        }
        else if (named.Count > 0)
        {
            throw new TemplateException($"macro {Repr.Quote(Name)} takes no keyword argument {Repr.Quote(named.Keys.First())}");
        }

        if (definition.Uses("varargs"))
            scope["varargs"] = new Sequence([.. arguments.Positional.Skip(definition.Parameters.Count)], isTuple: true);
        else if (arguments.Positional.Count > definition.Parameters.Count)
            throw new TemplateException($"macro {Repr.Quote(Name)} takes not more than {definition.Parameters.Count} argument(s)");
    }
}
