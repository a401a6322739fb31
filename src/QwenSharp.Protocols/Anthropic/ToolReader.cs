using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>The <c>tools</c> and the <c>tool_choice</c> of a request as neutral options.</summary>
internal static class ToolReader
{
    private const int MaxNameLength = 128;

    /// <summary>Reads them into options.</summary>
    /// <param name="fields">The request's.</param>
    /// <param name="found">Tools that the conversation has found. Those that wait to be found are not offered.</param>
    /// <param name="options">The options.</param>
    public static void Read(RequestFields fields, IReadOnlySet<string> found, ChatOptions options)
    {
        RequestValue? list = fields.Take("tools");
        HashSet<string> names = [], deferred = [];
        List<AITool> tools = list is { } given ? [.. given.Items().Select(item => ReadTool(item, names, deferred))] : [];
        if (names.Count > 0 && deferred.Count == names.Count)
        {
            throw list!.Value.Invalid(
                "must hold at least one tool without 'defer_loading': else the model has none to find the others with.");
        }

        options.Tools = tools.Count > 0 ? tools : null;
        if (fields.Take("tool_choice") is { } choice)
            ReadChoice(choice, names, options);

        if (deferred.Count > 0)
        {
            string? required = (options.ToolMode as RequiredChatToolMode)?.RequiredFunctionName;
            options.Tools = [.. tools.Where(tool => !deferred.Contains(tool.Name) || found.Contains(tool.Name) || tool.Name == required)];
        }
    }

    private static AITool ReadTool(RequestValue value, HashSet<string> names, HashSet<string> deferred)
    {
        RequestFields fields = value.Fields();
        if (fields.Take("type") is { } type && type.String() != "custom")
        {
            throw type.Unsupported(
                $"is '{Excerpt.Of(type.String())}', a tool that Anthropic's servers or models bring along; this server has none. "
                    + "Leave it out, or describe a tool of your own with 'input_schema'.");
        }

        RequestValue name = fields.Require("name");
        CheckName(name);
        if (!names.Add(name.String()))
            throw name.Invalid($"is '{name.String()}', which another tool is called already.");

        string? description = fields.Take("description")?.String();
        RequestValue schema = fields.Require("input_schema");
        schema.Fields();
        string? kept = CacheControl.Take(fields);
        AITool tool = OfferedFunction.Of(name, description, schema, fields.Take("strict"), kept);

        // Arguments come as they are written.
        fields.Take("eager_input_streaming")?.Boolean();
        if (fields.Take("defer_loading")?.Boolean() == true)
            deferred.Add(name.String());

        fields.Refuse("allowed_callers", IsDirect, "is not honoured: the model alone calls. Only [\"direct\"] is accepted.");
        fields.Refuse("input_examples", value => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0,
            "is not honoured: templates show a tool's description and schema. Write examples into 'description'.");
        fields.RefuseRest();
        return tool;
    }

    private static bool IsDirect(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array
        && value.EnumerateArray().All(caller => caller.ValueKind == JsonValueKind.String && caller.ValueEquals("direct"));

    // Models write names between tags and quotes.
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

    private static void ReadChoice(RequestValue value, HashSet<string> names, ChatOptions options)
    {
        RequestFields fields = value.Fields();
        RequestValue type = fields.Require("type");
        string kind = type.String();
        if (names.Count == 0 && kind != "none")
            throw value.Conflict($"{new OptionName(value.Path)} is only allowed when {new OptionName("tools")} are given.");

        options.ToolMode = kind switch
        {
            "auto" => ChatToolMode.Auto,
            "any" => ChatToolMode.RequireAny,
            "none" => ChatToolMode.None,
            "tool" => ChatToolMode.RequireSpecific(ReadName(fields, names)),
            _ => throw type.Invalid($"must be auto, any, tool or none, not '{Excerpt.Of(kind)}'."),
        };
        if (kind != "none" && fields.Take("disable_parallel_tool_use")?.Boolean() == true)
            options.AllowMultipleToolCalls = false;

        fields.RefuseRest();
    }

    private static string ReadName(RequestFields fields, HashSet<string> names)
    {
        RequestValue name = fields.Require("name");
        return names.Contains(name.String())
            ? name.String()
            : throw name.Invalid($"is '{Excerpt.Of(name.String())}', which none of the tools is called.");
    }
}
