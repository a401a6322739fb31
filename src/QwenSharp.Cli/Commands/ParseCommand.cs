using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Chat.Streaming;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp parse</c>: what the server makes of a reply.</summary>
internal static class ParseCommand
{
    private const string Examples = """
        qwensharp parse qwen3-0.6b.gguf --tools tools.json < reply.txt   # in the format that the model's template teaches
        qwensharp parse --dialect xml --tools tools.json < reply.txt     # Qwen3-Coder, Qwen3.5
        qwensharp parse --dialect hermes --think < reply.txt             # Qwen2.5, Qwen3; the prompt has opened the reasoning

        It prints one JSON object, {"reasoning": …, "content": …, "tool_calls": [{"name": …, "arguments": {…}}]}: reasoning and content
        are null where there is none, tool_calls is an empty list. What cannot be read with certainty stays text; without tools all of it
        is.
        The tools are OpenAI's list, [{"type": "function", "function": {"name": …, "parameters": {…}}}]; a list of the functions alone
        will do.
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string?> model = new("MODEL")
        {
            Description =
                "Whose reply it is: a GGUF file, a Hugging Face folder, a file of Jinja, 'box', or the name of a pulled model. Beside "
                    + "--dialect, the FILE of --tools.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> dialect = new("--dialect")
        {
            Description = "How tool calls are written, in place of MODEL: hermes (JSON; also called json) or xml.",
            HelpName = "NAME",
        };
        Values.OneOf(dialect, [.. ToolCallDialect.All.Reverse().SelectMany(one => one.Names)]);
        Option<string?> tools = new("--tools") { Description = "The tools that the request offered, as a JSON file.", HelpName = "FILE" };
        Option<bool> think = new("--think") { Description = "The prompt has opened the reasoning, so the reply begins inside it." };
        DocumentedCommand command = new(
            "parse",
            "Reads a reply from standard input and prints its reasoning, content and tool calls as JSON.",
            Examples)
        {
            model,
            dialect,
            tools,
            think,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(model) is null && result.GetValue(dialect) is null)
                result.AddError("Give MODEL, whose template says what its replies look like, or --dialect.");
            if (result.GetValue(model) is { } both && result.GetValue(dialect) is not null && result.GetValue(tools) is not null)
                result.AddError($"'{both}' is one too many: give MODEL or --dialect.");
        });
        command.SetAction(async (parsed, stop) =>
        {
            (string? name, string? file) = (parsed.GetValue(dialect), parsed.GetValue(tools));
            ReplyFormat format = name is not null
                ? new ReplyFormat { ToolCalls = ToolCallDialect.Named(name) }
                : QwenChatTemplate.Load(LocalModel.Of(parsed.GetValue(model)!).Path).Format;
            file ??= name is not null ? parsed.GetValue(model) : null;
            IReadOnlyList<AITool> offered = file is not null ? ToolsFile.Read(file) : [];
            ReplySplitter splitter = new(format, offered, parsed.GetValue(think));
            string reply = await terminal.ReadAllAsync(stop).ConfigureAwait(false);
            terminal.Out.WriteLine(Describe([.. splitter.Push(reply), .. splitter.Finish()]).ToJsonString(Output.JsonText));
            return ExitCode.Ok;
        });
        return command;
    }

    private static JsonObject Describe(IReadOnlyList<AIContent> contents) => new()
    {
        ["reasoning"] = Text(contents.OfType<TextReasoningContent>().Select(part => part.Text)),
        ["content"] = Text(contents.OfType<TextContent>().Select(part => part.Text)),
        ["tool_calls"] = new JsonArray([.. contents.OfType<FunctionCallContent>().Select(Describe)]),
    };

    private static JsonObject Describe(FunctionCallContent call) => new()
    {
        ["name"] = call.Name,
        ["arguments"] = new JsonObject(call.Arguments!.Select(argument => KeyValuePair.Create(argument.Key, Json(argument.Value)))),
    };

    private static JsonNode? Json(object? value) => value switch
    {
        JsonElement json => JsonNode.Parse(json.GetRawText()),
        bool flag => JsonValue.Create(flag),
        _ => JsonValue.Create((string?)value),
    };

    private static string? Text(IEnumerable<string> parts) => string.Concat(parts) is { Length: > 0 } text ? text : null;
}
