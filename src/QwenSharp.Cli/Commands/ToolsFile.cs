using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat.Conversations;
using QwenSharp.Cli.Terminals;
using QwenSharp.Faults;

namespace QwenSharp.Cli.Commands;

/// <summary>A JSON file of the tools that a request offers.</summary>
internal static class ToolsFile
{
    /// <summary>Reads OpenAI's list of tools, or one of their functions alone.</summary>
    /// <exception cref="InvalidDataException">The file is no such list; the message names the file and the place.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<AITool> Read(string path)
    {
        try
        {
            IReadOnlyList<ConversationTool> tools = ConversationTool.ReadAll(JsonElement.Parse(Utf8Text.ReadFile(path), Output.StrictJson));
            return tools.GroupBy(tool => tool.Name).FirstOrDefault(same => same.Count() > 1) is { Key: var name }
                ? throw new JsonException($"two tools are called \"{name}\"")
                : [.. tools.Select(tool => tool.ToDeclaration())];
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException(
                $"{path} holds no tools: {(wrong is JsonException json ? JsonProblem.Of(json) : wrong.Message).TrimEnd('.')}.",
                wrong);
        }
    }
}
