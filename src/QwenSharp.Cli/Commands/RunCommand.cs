using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Run;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp run</c>: a conversation in the terminal, or one answer.</summary>
internal static class RunCommand
{
    private const string Examples = """
        qwensharp run                                                 # talk with the small model in the box
        qwensharp run qwen3-0.6b-q4_k_m.gguf                          # talk; /help lists the commands
        qwensharp run qwen3:0.6b                                      # a model that 'qwensharp pull qwen3:0.6b' brought
        qwensharp run qwen3-0.6b-q4_k_m.gguf "Why is the sky blue?"   # one answer
        qwensharp run "Who are you?"                                  # one answer of the model in the box, which is also called 'box'
        qwensharp run qwen3-0.6b-q4_k_m.gguf --adapter support/       # with a LoRA adapter
        cat notes.txt | qwensharp run qwen3-4b.gguf "Summarise this." # the piped text, then the request
        qwensharp run qwen3-4b.gguf "2+2?" --no-think --temperature 0 --json
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string?> model = Values.ModelOrBox();
        Argument<string?> prompt = new("PROMPT")
        {
            Description =
                "The request. Text piped in comes before it; without PROMPT the piped text is the request. Alone, if it is no name of a "
                    + "model, it goes to the model in the box.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> adapter = AdapterArguments.One();
        Option<string?> system = new("--system") { Description = "The system message.", HelpName = "TEXT" };
        Option<bool> think = new("--think")
        {
            Description = "Let the model reason before it answers (its own default where its template has a switch).",
        };
        Option<bool> noThink = new("--no-think") { Description = "Answer without reasoning." };
        Option<bool> stats = new("--stats") { Description = "Say how long each answer took: time to the first token, tokens a second." };
        Option<bool> json = Values.Json("One JSON object with the answer, its reasoning, tokens and timing; one-shot only.");
        SamplingArguments sampling = new();
        ModelOptions modelOptions = new();
        DocumentedCommand command = new("run", "Talks with a model in the terminal, or answers one prompt.", Examples)
        {
            model,
            prompt,
            adapter,
            system,
            think,
            noThink,
            stats,
            json,
        };
        sampling.AddTo(command);
        modelOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(think) && result.GetValue(noThink))
                result.AddError("--think and --no-think exclude each other.");
        });
        command.SetAction(async (parsed, stop) =>
        {
            bool? thinks = parsed.GetValue(think) ? true : parsed.GetValue(noThink) ? false : null;
            ChatSettings settings = ChatSettings.Of(sampling, parsed, thinks);
            (string? named, string? asked) = Read(terminal, parsed.GetValue(model), parsed.GetValue(prompt));
            LocalModel? local = named is null ? null : await PullOffer.FindAsync(terminal, named, stop).ConfigureAwait(false);
            string? request = await RequestAsync(terminal, asked, stop).ConfigureAwait(false);
            if (request is null && parsed.GetValue(json))
                throw new UsageException("--json needs a PROMPT or piped text.");

            local ??= BoxModel.Introduce(terminal);
            (string? name, IReadOnlyDictionary<string, string> adapters) = AdapterArguments.Read(parsed, adapter);
            QwenModelOptions options = modelOptions.Read(parsed);
            ChatModel chat = LoadedChatModel.Load(local, options with { Adapters = adapters }, name);
            InputHistory history = new(request is null ? InputHistory.UsersFile() : null);
            ChatSession session = new(chat, settings, terminal, terminal.LineReader(history))
            {
                ShowStatistics = parsed.GetValue(stats),
                System = parsed.GetValue(system),
                Open = async other => LoadedChatModel.Load(await PullOffer.FindAsync(terminal, other, stop).ConfigureAwait(false), options),
            };
            await using (session.ConfigureAwait(false))
            {
                if (!chat.HasThinkingSwitch && thinks is not null)
                {
                    throw new UsageException(
                        $"{(thinks == true ? "--think" : "--no-think")} changes nothing: the template of {chat.Name} has no switch for "
                            + "reasoning.");
                }

                if (request is not null)
                {
                    return await OnceAsync(
                            terminal,
                            chat.Client,
                            Messages(parsed.GetValue(system), request),
                            settings.Options,
                            parsed.GetValue(stats),
                            parsed.GetValue(json),
                            stop)
                        .ConfigureAwait(false);
                }

                session.Say($"{chat.Name}, context of {chat.ContextLength} tokens. /help lists the commands.");
                await session.RunAsync().ConfigureAwait(false);
                return ExitCode.Ok;
            }
        });
        return command;
    }

    /// <summary>The name of a model and the request, of which either may be left out.</summary>
    private static (string? Model, string? Request) Read(Terminal terminal, string? model, string? prompt)
    {
        if (prompt is not null && string.IsNullOrWhiteSpace(prompt))
            throw new UsageException("PROMPT is empty: give a request, or leave it out to talk.");
        if (prompt is not null || model is null || !LoneArgument.IsPrompt(model))
            return (model, prompt);

        // Of one word alone somebody may have thought that it is a model.
        if (!model.Any(char.IsWhiteSpace))
            terminal.Error.WriteLine(terminal.Dim($"'{model}' is no file and no name of a model, so it is taken for a request."));

        return (null, model);
    }

    /// <summary>The one request to answer; null for a conversation with a person at the terminal.</summary>
    private static async Task<string?> RequestAsync(Terminal terminal, string? prompt, CancellationToken stop)
    {
        if (terminal.InputIsTerminal && (prompt is not null || terminal.OutputIsTerminal))
            return prompt;

        string piped = await terminal.ReadAllAsync(stop).ConfigureAwait(false);
        string request = prompt is null ? piped : piped.Length == 0 ? prompt : $"{piped.TrimEnd('\r', '\n')}\n\n{prompt}";
        return string.IsNullOrWhiteSpace(request)
            ? throw new UsageException("There is no prompt: give PROMPT, or pipe text in.")
            : request;
    }

    private static List<ChatMessage> Messages(string? system, string request) =>
        string.IsNullOrWhiteSpace(system)
            ? [new ChatMessage(ChatRole.User, request)]
            : [new ChatMessage(ChatRole.System, system), new ChatMessage(ChatRole.User, request)];

    private static async Task<int> OnceAsync(
        Terminal terminal,
        IChatClient client,
        List<ChatMessage> messages,
        ChatOptions options,
        bool stats,
        bool json,
        CancellationToken stop)
    {
        AnswerPrinter printer = new(terminal) { Visible = !json };
        await printer.PrintAsync(client.GetStreamingResponseAsync(messages, options, stop), stop).ConfigureAwait(false);
        Answer answer = printer.Result();
        if (json)
            terminal.Out.WriteLine(Json(answer));
        else if (stats)
            terminal.Error.WriteLine(answer.Statistics.ToString());

        return ExitCode.Ok;
    }

    private static string Json(Answer answer) => new JsonObject
    {
        ["content"] = answer.Message.Text,
        ["reasoning_content"] = string.Concat(answer.Message.Contents.OfType<TextReasoningContent>().Select(part => part.Text)),
        ["finish_reason"] = answer.Finish?.Value,
        ["prompt_tokens"] = answer.Statistics.PromptTokens,
        ["completion_tokens"] = answer.Statistics.AnswerTokens,
        ["time_to_first_token_seconds"] = answer.Statistics.FirstToken.TotalSeconds,
        ["process_start_to_first_token_seconds"] = answer.Statistics.SinceProcessStart.TotalSeconds,
        ["decode_tokens_per_second"] = answer.Statistics.DecodeRate,
    }.ToJsonString(Output.JsonText);
}
