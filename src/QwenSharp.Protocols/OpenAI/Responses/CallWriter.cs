using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.OpenAI.Responses;

/// <summary>A call as an item of a response: a function with its arguments, or a custom tool with the text that these hold.</summary>
/// <param name="call">Where the call begins.</param>
/// <param name="tool">The tool as its client knows it.</param>
internal sealed class CallWriter(CallPart call, OfferedTool tool)
{
    private readonly StringBuilder _said = new();
    private readonly CustomInput? _input = tool.IsCustom ? new CustomInput() : null;

    /// <summary>What the ids of such items begin with.</summary>
    public string IdPrefix => tool.IsCustom ? "ctc" : "fc";

    /// <summary>What the events of such items begin with.</summary>
    public string Kind => tool.IsCustom ? "response.custom_tool_call_input" : "response.function_call_arguments";

    /// <summary>Whether the call is whole.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Takes a part of the call, and gives what it adds to the arguments, or to the input.</summary>
    public string Add(CallPart part)
    {
        string more = _input?.Read(part.Arguments) ?? part.Arguments;

        // What the pieces did not tell, the whole does.
        if (_input is not null && part.Whole is { } whole && Input(whole) is var all
            && all.StartsWith($"{_said}{more}", StringComparison.Ordinal))
        {
            more = all[_said.Length..];
        }

        IsWhole |= part.Whole is not null;
        _said.Append(more);
        return more;
    }

    /// <summary>What the event says that ends the call.</summary>
    public (string Name, JsonNode? Value)[] Whole() =>
        tool.IsCustom ? [("input", _said.ToString())] : [("name", tool.Name), ("arguments", _said.ToString())];

    /// <summary>The item so far.</summary>
    public JsonObject Item(string id, string status)
    {
        JsonObject item = new()
        {
            ["id"] = id,
            ["type"] = tool.IsCustom ? "custom_tool_call" : "function_call",
            ["status"] = status,
            ["call_id"] = call.Id,
            ["name"] = tool.Name,
            [tool.IsCustom ? "input" : "arguments"] = _said.ToString(),
        };
        if (tool.Group is { } group)
            item["namespace"] = group;

        return item;
    }

    private static string Input(FunctionCallContent call)
    {
        object? value = null;
        call.Arguments?.TryGetValue(ResponseTools.CustomInput, out value);
        return value switch
        {
            string text => text,
            JsonElement { ValueKind: JsonValueKind.String } text => text.GetString()!,
            null => "",
            object other => other.ToString()!,
        };
    }
}
