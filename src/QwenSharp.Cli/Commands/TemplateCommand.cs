using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Chat;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Faults;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp template</c>: the prompt that a conversation becomes.</summary>
internal static class TemplateCommand
{
    private const string Examples = """
        qwensharp template qwen3-0.6b.gguf --conversation chat.json
        qwensharp template chat_template.jinja --conversation conversations.json --name tools
        echo '{"messages": [{"role": "user", "content": "Hi"}]}' | qwensharp template qwen3-0.6b.gguf --conversation -

        The conversation: {"messages": […], "tools": […], "add_generation_prompt": true, "chat_template_kwargs": {…}};
        all but messages may be left out. The text is printed exactly, with nothing added.
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> model = Values.Model("A GGUF file or a Hugging Face folder with a chat template, or a file of Jinja.");
        Option<string> conversation = new("--conversation")
        {
            Description = "The conversation as a JSON file; - for standard input.",
            HelpName = "FILE",
            Required = true,
        };
        Option<string?> name = new("--name")
        {
            Description = "Which conversation of a file that holds an array: its 'name', or its place from 0.",
            HelpName = "NAME",
        };
        Option<bool> json = Values.Json(
            "One JSON object with the text and the ranges, in UTF-16 units, that the template itself wrote: only there are control tokens "
                + "parsed."
        );
        DocumentedCommand command = new("template", "Renders a conversation with a chat template.", Examples)
        {
            model,
            conversation,
            name,
            json,
        };
        command.SetAction(
            async (parsed, stop) =>
            {
                ChatTemplate template = QwenChatTemplate.Load(LocalModel.Of(parsed.GetValue(model)!).Path);
                string path = parsed.GetValue(conversation)!;
                string text =
                    path == "-"
                        ? await terminal.ReadAllAsync(stop).ConfigureAwait(false)
                        : await File.ReadAllTextAsync(path, stop).ConfigureAwait(false);
                RenderedPrompt prompt = template.Render(Read(text, parsed.GetValue(name)));
                if (parsed.GetValue(json))
                    terminal.Out.WriteLine(Describe(prompt).ToJsonString(Output.JsonText));
                else
                    terminal.Out.Write(prompt.Text);

                return ExitCode.Ok;
            });
        return command;
    }

    private static ChatTemplateConversation Read(string text, string? name)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, Output.StrictJson);
            return ChatTemplateConversation.Read(Choose(document.RootElement, name));
        }
        catch (JsonException wrong)
        {
            throw new InvalidDataException($"The conversation cannot be read: {JsonProblem.Of(wrong)}.", wrong);
        }
    }

    /// <summary>The object itself, or the one that was asked for of an array.</summary>
    private static JsonElement Choose(JsonElement root, string? name)
    {
        if (root.ValueKind != JsonValueKind.Array)
        {
            return name is null
                ? root
                : throw new UsageException("--name chooses from a file that holds an array of conversations; this one holds one.");
        }

        if (name is null)
        {
            throw new UsageException(
                $"The file holds {root.GetArrayLength()} conversations; choose one with --name, by its 'name' or its place from 0.");
        }

        foreach (JsonElement entry in root.EnumerateArray())
        {
            if (
                entry.ValueKind == JsonValueKind.Object
                && entry.TryGetProperty("name", out JsonElement label)
                && label.ValueKind == JsonValueKind.String
                && label.GetString() == name)
            {
                return entry;
            }
        }

        return int.TryParse(name, out int place) && place >= 0 && place < root.GetArrayLength()
            ? root[place]
            : throw new UsageException($"There is no conversation '{name}' among the {root.GetArrayLength()} of the file.");
    }

    private static JsonObject Describe(RenderedPrompt prompt) => new()
    {
        ["text"] = prompt.Text,
        ["trusted_ranges"] = new JsonArray([.. prompt.TrustedRanges.Select(range => new JsonArray(range.Start.Value, range.End.Value))]),
    };
}
