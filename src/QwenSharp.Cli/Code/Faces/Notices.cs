using System.Text.Json;
using QwenSharp.Agent.Events;

namespace QwenSharp.Cli.Code.Faces;

/// <summary>Events in a line for people.</summary>
internal static class Notices
{
    private const int LongestArgument = 100;

    /// <summary>What a person should know of an event; null for nothing.</summary>
    public static string? Of(AgentEvent told) => told switch
    {
        RequestRetried retried => $"({retried.Problem} Again in {retried.Pause.TotalSeconds:0.#} s.)",
        CallDenied denied => $"(not permitted: {Call(denied.Tool, denied.Arguments)}: {denied.Reason})",
        Compacted compacted => $"(summed up: {compacted.TokensBefore} tokens became about {compacted.TokensAfter})",
        Nudged => "(the model stopped in the middle; it was told to go on)",
        _ => null,
    };

    /// <summary>A call that begins, or one that failed; null for other events.</summary>
    public static string? OfCall(AgentEvent told) => told switch
    {
        ToolStarted started => Call(started.Tool, started.Arguments),
        ToolEnded { Result: { IsError: true, Text: var text } } ended => $"{ended.Tool} failed: {Short(text)}",
        _ => null,
    };

    /// <summary>A call as code would look: the values of its arguments, cut where they are long.</summary>
    public static string Call(string tool, JsonElement arguments) =>
        $"{tool}({string.Join(", ", arguments.EnumerateObject().Select(Value))})";

    private static string Value(JsonProperty argument) => Short(argument.Value.ValueKind == JsonValueKind.String
        ? argument.Value.GetString()!
        : argument.Value.GetRawText());

    private static string Short(string text)
    {
        string line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= LongestArgument ? line : $"{line[..LongestArgument]}…";
    }
}
