using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI.Responses;

/// <summary>
/// The tools of a request. A model knows functions only: a custom tool, whose input is free text, is offered as a function with one string,
/// and functions of a namespace are offered under both names. A search or a picture that the client lets the service make, where it can, is
/// not offered.
/// </summary>
internal sealed class ResponseTools
{
    /// <summary>The parameter of a custom tool's function.</summary>
    public const string CustomInput = "input";

    private readonly Dictionary<string, OfferedTool> _offered = [];
    private readonly HashSet<string> _names = [];
    private readonly List<AITool> _declared = [];

    /// <summary>The functions that a model is offered.</summary>
    public IReadOnlyList<AITool> Declared => _declared;

    /// <summary>The tools of the request that are offered, as they were sent.</summary>
    public JsonArray Sent { get; } = [];

    /// <summary>What the service itself would do, had the client its way; it is left out.</summary>
    public HashSet<string> LeftOut { get; } = [];

    /// <summary>The tools of a list.</summary>
    public static ResponseTools Read(RequestValue? value)
    {
        ResponseTools tools = new();
        foreach (RequestValue item in value?.Items() ?? [])
            tools.ReadTool(item);

        return tools;
    }

    /// <summary>The name by which a model knows a tool, as MCP's clients put both together.</summary>
    public static string Visible(string? group, string name) =>
        string.IsNullOrEmpty(group) ? name : group.EndsWith("__", StringComparison.Ordinal) ? group + name : $"{group}__{name}";

    /// <summary>The tool that a model calls by a name.</summary>
    public OfferedTool Called(string name) => _offered.GetValueOrDefault(name) ?? new OfferedTool(name, null, IsCustom: false);

    private void ReadTool(RequestValue item)
    {
        RequestFields fields = item.Fields();
        RequestValue type = fields.Require("type");
        switch (type.String())
        {
            case "function":
                ReadFunction(fields, null, "");
                break;
            case "custom":
                ReadCustom(fields, null, "");
                break;
            case "namespace":
                ReadNamespace(fields);
                break;
            case "web_search" or "web_search_preview" or "web_search_preview_2025_03_11" or "web_search_2025_08_26" or "image_generation":
                LeftOut.Add(type.String());
                return;
            case string other:
                throw type.Unsupported(
                    $"is '{Excerpt.Of(other)}', which this server does not do. It knows function, custom and namespace; offer what it "
                        + "should do as a function.");
        }

        fields.RefuseRest();
        Sent.Add(JsonNode.Parse(item.Element.GetRawText()));
    }

    // What its tools have in common is said once, before the first.
    private void ReadNamespace(RequestFields fields)
    {
        RequestValue name = fields.Require("name");
        FunctionTools.CheckName(name);
        string heading = fields.Take("description")?.String() is { Length: > 0 } description ? description + "\n\n" : "";
        foreach (RequestValue item in fields.Require("tools").Items())
        {
            RequestFields tool = item.Fields();
            RequestValue type = tool.Require("type");
            if (type.String() == "function")
                ReadFunction(tool, name.String(), heading);
            else if (type.String() == "custom")
                ReadCustom(tool, name.String(), heading);
            else
                throw type.Unsupported($"is '{Excerpt.Of(type.String())}'; a namespace holds function and custom.");

            tool.RefuseRest();
            heading = "";
        }
    }

    private void ReadFunction(RequestFields fields, string? group, string heading)
    {
        string name = ReadName(fields, group, isCustom: false);
        string? description = fields.Take("description")?.String();
        RequestValue? parameters = fields.Take("parameters");
        parameters?.Fields();

        // What a function gives back is for the model to read.
        bool isStrict = fields.Take("strict")?.Boolean() ?? false;
        fields.Take("output_schema")?.Fields();
        _declared.Add(new OfferedFunction(
            name, Headed(heading, description), parameters?.Element.Clone() ?? OfferedFunction.NoParameters, isStrict));
    }

    private void ReadCustom(RequestFields fields, string? group, string heading)
    {
        string name = ReadName(fields, group, isCustom: true);
        string? description = fields.Take("description")?.String();
        JsonObject input = new() { ["type"] = "string" };
        if (fields.Take("format") is { } format)
            ReadFormat(format, input);

        JsonObject schema = new()
        {
            ["type"] = "object",
            ["properties"] = new JsonObject { [CustomInput] = input },
            ["required"] = new JsonArray(CustomInput),
            ["additionalProperties"] = false,
        };
        _declared.Add(AIFunctionFactory.CreateDeclaration(name, Headed(heading, description), InputItems.ElementOf(schema)));
    }

    private static string? Headed(string heading, string? description) => heading.Length > 0 ? heading + description : description;

    private static void ReadFormat(RequestValue value, JsonObject input)
    {
        RequestFields format = value.Fields();
        RequestValue type = format.Require("type");
        if (type.String() == "grammar")
        {
            RequestValue syntax = format.Require("syntax"), definition = format.Require("definition");
            if (syntax.String() != "regex")
                throw syntax.Unsupported($"is '{Excerpt.Of(syntax.String())}', which is not built. Only regex is.");

            input["pattern"] = $"^(?:{definition.String()})$";
        }
        else if (type.String() != "text")
        {
            throw type.Invalid($"must be text or grammar, not '{Excerpt.Of(type.String())}'.");
        }

        format.RefuseRest();
    }

    private string ReadName(RequestFields fields, string? group, bool isCustom)
    {
        RequestValue name = fields.Require("name");
        FunctionTools.CheckName(name);
        string visible = Visible(group, name.String());
        if (!_names.Add(visible))
            throw name.Invalid($"is '{name.String()}', which another tool is called already.");

        // Who may call it, and whether it is looked for first: here the model sees every tool, and calls it itself.
        fields.Refuse("defer_loading", InertFields.IsFalse, "is not built: every tool is shown to the model. Only false is accepted.");
        if (fields.Take("allowed_callers") is { } callers && callers.Items().All(caller => caller.String() != "direct"))
            throw callers.Unsupported("must hold \"direct\": no program calls tools here.");

        _offered.Add(visible, new OfferedTool(name.String(), group, isCustom));
        return visible;
    }
}

/// <summary>A tool as its client knows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Group">Its namespace; null where it is in none.</param>
/// <param name="IsCustom">Whether it takes free text instead of arguments.</param>
internal sealed record OfferedTool(string Name, string? Group, bool IsCustom);
