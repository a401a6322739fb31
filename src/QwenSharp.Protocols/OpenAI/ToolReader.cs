using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The <c>tools</c> of a request as neutral declarations.</summary>
internal static class ToolReader
{
    private static readonly JsonElement NoParameters = JsonElement.Parse("""{"type":"object","properties":{}}""");

    public static List<AITool>? Read(RequestValue value)
    {
        List<AITool> tools = [.. value.Items().Select(ReadTool)];
        return tools.Count > 0
            ? tools
            : throw value.Invalid("must hold at least one tool; leave it out for none.");
    }

    /// <summary>Takes <c>type</c>, which must be <c>function</c>.</summary>
    public static void RequireFunction(RequestFields fields)
    {
        RequestValue type = fields.Require("type");
        if (type.String() != "function")
            throw type.Unsupported($"is '{type.String()}', but this server knows only 'function'.");
    }

    private static AITool ReadTool(RequestValue value)
    {
        RequestFields fields = value.Fields();
        RequireFunction(fields);
        RequestFields function = fields.Require("function").Fields();
        RequestValue name = function.Require("name");
        if (name.String().Length == 0)
            throw name.Invalid("is empty.");

        string? description = function.Take("description")?.String();
        RequestValue? parameters = function.Take("parameters");
        parameters?.Fields();
        function.Refuse(
            "strict",
            GenerationFields.IsFalse,
            "is not built yet: arguments are not held to the schema. Only false is accepted.");
        function.RefuseRest();
        fields.RefuseRest();
        return AIFunctionFactory.CreateDeclaration(name.String(), description, parameters?.Element.Clone() ?? NoParameters);
    }
}
