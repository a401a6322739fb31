using System.Numerics;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>How Python and Jinja name a value's type in their messages.</summary>
internal static class TypeName
{
    public static string Of(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        BigInteger => "int",
        double => "float",
        Text { IsMarkup: true } => "Markup",
        Text => "str",
        Undefined => "Undefined",
        Sequence { IsGroup: true } => "_GroupTuple",
        Sequence { IsTuple: true } => "tuple",
        Sequence => "list",
        Mapping => "dict",
        MappingView view => $"dict_{view.Kind}",
        Range => "range",
        Generator => "generator",
        Namespace => "Namespace",
        Macro => "Macro",
        LoopContext => "LoopContext",
        _ => "function",
    };

    /// <summary>As in "'list object' has no attribute 'x'".</summary>
    public static string Object(object? value) => value switch
    {
        null => "None",
        Text { IsMarkup: true } => "markupsafe.Markup object",
        Namespace => "jinja2.utils.Namespace object",
        Macro => "jinja2.runtime.Macro object",
        LoopContext => "jinja2.runtime.LoopContext object",
        _ => $"{Of(value)} object",
    };
}
