using Microsoft.Extensions.AI;

namespace QwenSharp.Protocols.Requests;

/// <summary>Functions that a request offers, in the form that most protocols share, as neutral declarations.</summary>
internal static class FunctionTools
{
    private const int MaxNameLength = 128;

    /// <summary>A list of <c>{"type": "function", "function": {…}}</c>; null where it is empty, as some clients write for none.</summary>
    public static List<AITool>? Read(RequestValue value)
    {
        HashSet<string> names = [];
        return Listed([.. value.Items().Select(item =>
        {
            RequestFields fields = item.Fields();
            RequireFunction(fields);
            AITool tool = ReadFunction(fields.Require("function"), names);
            fields.RefuseRest();
            return tool;
        })]);
    }

    /// <summary>A list of functions without what a tool has around them.</summary>
    public static List<AITool>? ReadBare(RequestValue value)
    {
        HashSet<string> names = [];
        return Listed([.. value.Items().Select(item => ReadFunction(item, names))]);
    }

    /// <summary>The name in <c>{"type": "function", "function": {"name": …}}</c>, which must be one of the tools'.</summary>
    public static string ReadName(RequestFields fields, IReadOnlyList<AITool> tools)
    {
        RequireFunction(fields);
        RequestFields function = fields.Require("function").Fields();
        string name = ReadOffered(function.Require("name"), tools);
        function.RefuseRest();
        return name;
    }

    /// <summary>A name that must be one of the tools'.</summary>
    public static string ReadOffered(RequestValue name, IReadOnlyList<AITool> tools) => tools.Any(tool => tool.Name == name.String())
        ? name.String()
        : throw name.Invalid($"is '{Excerpt.Of(name.String())}', which none of the tools is called.");

    /// <summary>Takes <c>type</c>, which must be <c>function</c>.</summary>
    public static void RequireFunction(RequestFields fields)
    {
        RequestValue type = fields.Require("type");
        if (type.String() != "function")
            throw type.Unsupported($"is '{Excerpt.Of(type.String())}', but this server knows only 'function'.");
    }

    private static List<AITool>? Listed(List<AITool> tools) => tools.Count > 0 ? tools : null;

    private static AITool ReadFunction(RequestValue value, HashSet<string> names)
    {
        RequestFields function = value.Fields();
        RequestValue name = function.Require("name");
        CheckName(name);
        if (!names.Add(name.String()))
            throw name.Invalid($"is '{name.String()}', which another tool is called already.");

        string? description = function.Take("description")?.String();
        RequestValue? parameters = function.Take("parameters");
        parameters?.Fields();

        AITool tool = OfferedFunction.Of(name, description, parameters, function.Take("strict"));
        function.RefuseRest();
        return tool;
    }

    /// <summary>
    /// Refuses what is no name: the protocols' own names, and the separators that tools of other servers come with. Models write names
    /// between tags and quotes.
    /// </summary>
    public static void CheckName(RequestValue value)
    {
        string name = value.String();
        if (name.Length is 0 or > MaxNameLength || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || "_-.:/".Contains(letter)))
        {
            throw value.Invalid(
                $"is '{Excerpt.Of(name)}'; a name has 1 to {MaxNameLength} of the letters a to z and A to Z, digits, '_', '-', '.', "
                    + "':' and '/'.");
        }
    }
}
