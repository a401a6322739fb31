using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI.Responses;

/// <summary><c>tool_choice</c>: whether a tool must be called, and which.</summary>
internal static class ToolChoice
{
    /// <summary>Reads it into options.</summary>
    public static void Read(RequestValue choice, ResponseTools tools, ChatOptions options)
    {
        if (choice.IsString)
        {
            ChatToolMode mode = choice.String() switch
            {
                "auto" => ChatToolMode.Auto,
                "none" => ChatToolMode.None,
                "required" => Required(choice, tools),
                string other => throw choice.Invalid($"must be none, auto, required or an object, not '{Excerpt.Of(other)}'."),
            };
            options.ToolMode = tools.Declared.Count > 0 ? mode : null;
            return;
        }

        RequestFields fields = choice.Fields();
        RequestValue type = fields.Require("type");
        if (type.String() == "allowed_tools")
            ReadAllowed(fields, tools, options);
        else
            options.ToolMode = ChatToolMode.RequireSpecific(ReadName(fields, type, tools));

        fields.RefuseRest();
    }

    private static void ReadAllowed(RequestFields allowed, ResponseTools tools, ChatOptions options)
    {
        RequestValue mode = allowed.Require("mode"), list = allowed.Require("tools");
        options.ToolMode = mode.String() switch
        {
            "auto" => ChatToolMode.Auto,
            "required" => Required(mode, tools),
            string other => throw mode.Invalid($"must be auto or required, not '{Excerpt.Of(other)}'."),
        };
        List<string> names = [];
        foreach (RequestValue item in list.Items())
        {
            RequestFields named = item.Fields();
            RequestValue type = named.Require("type");
            if (!tools.LeftOut.Contains(type.String()))
                names.Add(ReadName(named, type, tools));

            named.RefuseRest();
        }

        if (names.Count == 0)
            throw list.Invalid("must name at least one tool that is offered; \"none\" is the choice that allows no call.");

        options.AdditionalProperties![ChatOptionKeys.AllowedTools] = names;
    }

    private static string ReadName(RequestFields fields, RequestValue type, ResponseTools tools)
    {
        if (type.String() is not ("function" or "custom"))
            throw type.Unsupported($"is '{Excerpt.Of(type.String())}', which this server does not do. It knows function and custom.");

        RequestValue name = fields.Require("name");
        string visible = ResponseTools.Visible(fields.Take("namespace")?.String(), name.String());
        return tools.Declared.Any(tool => tool.Name == visible)
            ? visible
            : throw name.Invalid($"is '{Excerpt.Of(name.String())}', which none of the tools is called.");
    }

    private static ChatToolMode Required(RequestValue choice, ResponseTools tools) => tools.Declared.Count > 0
        ? ChatToolMode.RequireAny
        : throw choice.Conflict($"{new OptionName(choice.Path)} may only be required where {new OptionName("tools")} are offered.");
}
