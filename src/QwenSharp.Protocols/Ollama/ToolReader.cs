using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Ollama;

/// <summary>The <c>tools</c> of a request as neutral declarations.</summary>
internal static class ToolReader
{
    private const int MaxNameLength = 128;

    public static List<AITool>? Read(RequestValue value)
    {
        HashSet<string> names = [];
        List<AITool> tools = [.. value.Items().Select(item => ReadTool(item, names))];
        return tools.Count > 0 ? tools : null;
    }

    private static AITool ReadTool(RequestValue value, HashSet<string> names)
    {
        RequestFields fields = value.Fields();
        fields.Refuse("type", type => type.ValueKind == JsonValueKind.String && type.ValueEquals("function"), "may only be \"function\".");
        RequestFields function = fields.Require("function").Fields();
        RequestValue name = function.Require("name");
        CheckName(name);
        if (!names.Add(name.String()))
            throw name.Invalid($"is '{name.String()}', which another tool is called already.");

        string? description = function.Take("description")?.String();
        RequestValue? parameters = function.Take("parameters");
        parameters?.Fields();
        function.Refuse("type", type => type.ValueKind == JsonValueKind.String, "must be a string.");
        AITool tool = OfferedFunction.Of(name, description, parameters, function.Take("strict"));
        function.RefuseRest();
        fields.RefuseRest();
        return tool;
    }

    private static void CheckName(RequestValue value)
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
