using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Cli.Terminals;
using QwenSharp.Faults;

namespace QwenSharp.Cli.Commands;

/// <summary>A JSON file of the tools that a request offers.</summary>
internal static class ToolsFile
{
    private static readonly JsonElement NoParameters = JsonElement.Parse("""{"type":"object","properties":{}}""");

    /// <summary>Reads OpenAI's list of tools, or one of their functions alone.</summary>
    /// <exception cref="InvalidDataException">The file is no such list; the message names the file and the place.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<AITool> Read(string path)
    {
        try
        {
            JsonElement list = JsonElement.Parse(Utf8Text.ReadFile(path), Output.StrictJson);
            if (list.ValueKind != JsonValueKind.Array)
                throw new JsonException("a list of tools belongs here");

            List<AITool> tools = [.. list.EnumerateArray().Select(Tool)];
            return tools.GroupBy(tool => tool.Name).FirstOrDefault(same => same.Count() > 1) is { Key: var name }
                ? throw new JsonException($"two tools are called \"{name}\"")
                : tools;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException(
                $"{path} holds no tools: {(wrong is JsonException json ? JsonProblem.Of(json) : wrong.Message).TrimEnd('.')}.",
                wrong);
        }
    }

    private static AITool Tool(JsonElement tool, int place)
    {
        string what = $"tools[{place}]";
        if (tool.ValueKind != JsonValueKind.Object)
            throw new JsonException($"{what} is not an object");

        JsonElement function = tool.TryGetProperty("function", out JsonElement wrapped) ? wrapped : tool;
        if (function.ValueKind != JsonValueKind.Object)
            throw new JsonException($"{what}.function is not an object");
        if (!function.TryGetProperty("name", out JsonElement name) || name.ValueKind != JsonValueKind.String || name.GetString() is "")
            throw new JsonException($"{what} has no function with a \"name\"");

        JsonElement parameters = function.TryGetProperty("parameters", out JsonElement given) && given.ValueKind != JsonValueKind.Null
            ? given
            : NoParameters;
        return parameters.ValueKind == JsonValueKind.Object
            ? AIFunctionFactory.CreateDeclaration(name.GetString()!, null, parameters)
            : throw new JsonException($"{what}: the \"parameters\" of \"{name.GetString()}\" are not an object");
    }
}
