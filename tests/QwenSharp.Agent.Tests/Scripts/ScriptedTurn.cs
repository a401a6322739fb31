using System.Text.Json;
using Microsoft.Extensions.AI;

namespace QwenSharp.Agent.Tests.Scripts;

/// <summary>An answer of a model that was written down, in the words of a line of a script.</summary>
internal sealed record ScriptedTurn
{
    public string? Text { get; init; }

    public string? Reasoning { get; init; }

    public IReadOnlyList<FunctionCallContent> Calls { get; init; } = [];

    public UsageDetails? Usage { get; init; }

    /// <summary>Whether the answer ends at the limit of tokens.</summary>
    public bool IsCut { get; init; }

    /// <summary>What is thrown in place of an answer.</summary>
    public Exception? Failure { get; init; }

    public static ScriptedTurn Say(string text) => new() { Text = text };

    public static ScriptedTurn Call(string name, object arguments, string? id = null) => new() { Calls = [Made(name, arguments, id)] };

    public static ScriptedTurn Call(params (string Name, object Arguments)[] calls) =>
        new() { Calls = [.. calls.Select(call => Made(call.Name, call.Arguments))] };

    public static ScriptedTurn Fail(Exception failure) => new() { Failure = failure };

    /// <summary>Reads <c>{"text": …, "reasoning": …, "calls": [{"name": …, "arguments": {…}}]}</c>.</summary>
    public static ScriptedTurn Read(string line)
    {
        JsonElement json = JsonElement.Parse(line);
        return new ScriptedTurn
        {
            Text = json.TryGetProperty("text", out JsonElement text) ? text.GetString() : null,
            Reasoning = json.TryGetProperty("reasoning", out JsonElement reasoning) ? reasoning.GetString() : null,
            Calls = json.TryGetProperty("calls", out JsonElement calls)
                ? [.. calls.EnumerateArray().Select(call => Made(call.GetProperty("name").GetString()!, call.GetProperty("arguments")))]
                : [],
        };
    }

    public static FunctionCallContent Made(string name, object arguments, string? id = null) => new(
        id ?? $"call_{Guid.NewGuid():N}",
        name,
        JsonSerializer.SerializeToElement(arguments)
            .EnumerateObject()
            .ToDictionary(argument => argument.Name, argument => (object?)argument.Value));
}
