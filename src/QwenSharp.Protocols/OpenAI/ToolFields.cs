using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The fields about tools: what is offered, and whether and how it must be called.</summary>
internal static class ToolFields
{
    /// <summary>Reads them into options.</summary>
    /// <returns>Whether the request speaks the older form, <c>functions</c>, in which its reply is to be.</returns>
    public static bool Read(RequestFields fields, ChatOptions options)
    {
        RequestValue? list = fields.Take("tools"), functions = fields.Take("functions");
        RequestValue? choice = fields.Take("tool_choice"), call = fields.Take("function_call");
        bool? parallel = fields.Take("parallel_tool_calls")?.Boolean();
        if ((functions ?? call) is { } older)
        {
            if ((list ?? choice) is { } newer)
                throw older.Conflict($"{new OptionName(older.Path)} is the older form of {new OptionName(newer.Path)}. Give only that.");

            return ReadFunctions(functions, call, options);
        }

        options.Tools = list is { } given ? FunctionTools.Read(given) : null;
        if (options.Tools is not null)
            options.AllowMultipleToolCalls = parallel;

        if (choice is { } how)
        {
            if (list is null)
                throw NeedsTools(how, "tools");

            ReadChoice(how, options);
        }

        return false;
    }

    // At most one function was called at a time, and its result named it, not the call.
    private static bool ReadFunctions(RequestValue? functions, RequestValue? call, ChatOptions options)
    {
        options.Tools = functions is { } given ? FunctionTools.ReadBare(given) : null;
        if (options.Tools is not null)
            options.AllowMultipleToolCalls = false;

        if (call is { } how)
        {
            if (functions is null)
                throw NeedsTools(how, "functions");

            options.ToolMode = how switch
            {
                _ when options.Tools is null => null,
                { IsString: true } => how.String() switch
                {
                    "auto" => ChatToolMode.Auto,
                    "none" => ChatToolMode.None,
                    string other => throw how.Invalid($"must be none, auto or a function's name in an object, not '{Excerpt.Of(other)}'."),
                },
                _ => ReadCalled(how, options),
            };
        }

        return true;
    }

    private static ChatToolMode ReadCalled(RequestValue how, ChatOptions options)
    {
        RequestFields named = how.Fields();
        string name = FunctionTools.ReadOffered(named.Require("name"), [.. options.Tools!]);
        named.RefuseRest();
        return ChatToolMode.RequireSpecific(name);
    }

    private static void ReadChoice(RequestValue choice, ChatOptions options)
    {
        IReadOnlyList<AITool> tools = [.. options.Tools ?? []];
        if (choice.IsString)
        {
            ChatToolMode mode = choice.String() switch
            {
                "auto" => ChatToolMode.Auto,
                "none" => ChatToolMode.None,
                "required" => Required(choice, tools),
                string other => throw choice.Invalid($"must be none, auto, required or an object, not '{Excerpt.Of(other)}'."),
            };
            options.ToolMode = tools.Count > 0 ? mode : null;
            return;
        }

        RequestFields fields = choice.Fields();
        if (fields.Require("type").String() == "allowed_tools")
            ReadAllowed(fields.Require("allowed_tools"), tools, options);
        else
            options.ToolMode = ChatToolMode.RequireSpecific(FunctionTools.ReadName(fields, tools));

        fields.RefuseRest();
    }

    private static void ReadAllowed(RequestValue value, IReadOnlyList<AITool> tools, ChatOptions options)
    {
        RequestFields allowed = value.Fields();
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
            names.Add(FunctionTools.ReadName(named, tools));
            named.RefuseRest();
        }

        if (names.Count == 0)
            throw list.Invalid("must name at least one tool; \"none\" is the choice that allows no call.");

        options.AdditionalProperties![ChatOptionKeys.AllowedTools] = names;
        allowed.RefuseRest();
    }

    private static ChatToolMode Required(RequestValue choice, IReadOnlyList<AITool> tools) =>
        tools.Count > 0 ? ChatToolMode.RequireAny : throw NeedsTools(choice, "tools");

    private static OptionException NeedsTools(RequestValue choice, string tools) =>
        choice.Conflict($"{new OptionName(choice.Path)} is only allowed when {new OptionName(tools)} are given.");
}
