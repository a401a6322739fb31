using System.CommandLine;
using System.Text.Json;
using QwenSharp.Chat;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp template</c>: the prompt that a conversation becomes.</summary>
internal static class TemplateCommand
{
    private const string Examples = """
        qwensharp template qwen3-0.6b.gguf --conversation chat.json
        qwensharp template chat_template.jinja --conversation conversations.json --name tools
        echo '{"messages": [{"role": "user", "content": "Hi"}]}' | qwensharp template qwen3-0.6b.gguf --conversation -

        The conversation: {"messages": […], "tools": […], "add_generation_prompt": true, "kwargs": {"enable_thinking": false}};
        all but messages may be left out. The text is printed exactly, with nothing added.
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> model = Values.Model("A GGUF file with a chat template, or a file of Jinja.");
        Option<string> conversation = new("--conversation") { Description = "The conversation as a JSON file; - for standard input.", HelpName = "FILE", Required = true };
        Option<string?> name = new("--name") { Description = "Which conversation of a file that holds an array: its 'name', or its place from 0.", HelpName = "NAME" };
        Option<bool> json = Values.Json("One JSON object with the text and the ranges that come from the conversation rather than from the template.");
        DocumentedCommand command = new("template", "Renders a conversation with a chat template.", Examples) { model, conversation, name, json };
        command.SetAction(async (parsed, stop) =>
        {
            return ExitCode.Ok;
        });
        return command;
    }
}
