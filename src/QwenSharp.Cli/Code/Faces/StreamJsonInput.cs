using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Commands;
using QwenSharp.Cli.Terminals;
using QwenSharp.Faults;

namespace QwenSharp.Cli.Code.Faces;

/// <summary>
/// Prompts as JSON objects, one a line, in Claude Code's form: <c>{"type": "user", "message": {"role": "user", "content": …}}</c>, with
/// the content a text or a list of parts of text.
/// </summary>
internal static class StreamJsonInput
{
    /// <summary>The prompts, as they come.</summary>
    /// <exception cref="InvalidDataException">A line is none; the message says which and why.</exception>
    public static async IAsyncEnumerable<string> ReadAsync(Terminal terminal, [EnumeratorCancellation] CancellationToken stop)
    {
        int number = 0;
        await foreach (string line in terminal.ReadLinesAsync(stop).ConfigureAwait(false))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;

            string? prompt;
            try
            {
                prompt = Read(JsonElement.Parse(line, Output.StrictJson), terminal);
            }
            catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or KeyNotFoundException)
            {
                throw new InvalidDataException(
                    $"Line {number} of standard input is no prompt: {JsonProblem.Of(wrong, oneLine: true)}.", wrong);
            }

            if (prompt is not null)
                yield return prompt;
        }
    }

    private static string? Read(JsonElement line, Terminal terminal)
    {
        string? type = line.TryGetProperty("type", out JsonElement word) ? word.GetString() : null;
        if (type == "control_request")
        {
            Refuse(line, terminal);
            return null;
        }

        if (type != "user")
            throw new JsonException("its \"type\" must be \"user\"");

        JsonElement content = line.GetProperty("message").GetProperty("content");
        string prompt = content.ValueKind == JsonValueKind.String
            ? content.GetString()!
            : string.Concat(content.EnumerateArray().Select(part => part.GetProperty("type").GetString() == "text"
                ? part.GetProperty("text").GetString()
                : throw new JsonException($"a part is of the type \"{part.GetProperty("type")}\"; prompts are of text")));
        return string.IsNullOrWhiteSpace(prompt) ? throw new JsonException("it is empty") : prompt;
    }

    // Whoever asks waits for an answer.
    private static void Refuse(JsonElement line, Terminal terminal)
    {
        JsonObject answer = new()
        {
            ["type"] = "control_response",
            ["response"] = new JsonObject
            {
                ["subtype"] = "error",
                ["request_id"] = line.TryGetProperty("request_id", out JsonElement id) ? id.GetString() : null,
                ["error"] = "Control requests are not supported.",
            },
        };
        terminal.Out.WriteLine(answer.ToJsonString(Output.JsonText));
        terminal.Out.Flush();
    }
}
