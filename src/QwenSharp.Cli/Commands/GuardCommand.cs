using System.CommandLine;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp guard</c>: how safe prompts and answers are, in the eyes of a Qwen3Guard.</summary>
internal static class GuardCommand
{
    private const int AtOnce = 16;

    private const string Examples = """
        qwensharp guard qwen3guard-gen-0.6b.gguf "How do I pick a lock?"
        qwensharp guard model.gguf "How do I pick a lock?" --answer "That I will not explain."   # the answer, and whether it refuses
        qwensharp guard model.gguf --json < prompts.txt                                          # a prompt a line
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> model = Values.Model();
        Argument<string?> prompt = new("PROMPT")
        {
            Description = "What a user says; without it, each line of standard input is one.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> answer = new("--answer") { Description = "Judge this answer to PROMPT, not the prompt.", HelpName = "TEXT" };
        Option<bool> json = Values.Json("A JSON object a line: prompt, answer, safety, categories, refusal.");
        ModelOptions modelOptions = new();
        DocumentedCommand command = new(
            "guard",
            "Judges prompts or an answer with a Qwen3Guard: Safe, Controversial or Unsafe, and what it is about.",
            Examples)
        {
            model,
            prompt,
            answer,
            json,
        };
        modelOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(answer) is not null && result.GetValue(prompt) is null)
                result.AddError("--answer needs the PROMPT that it answers.");
        });
        command.SetAction(async (parsed, stop) =>
        {
            string? said = parsed.GetValue(answer);
            if (parsed.GetValue(prompt) is { } blank && string.IsNullOrWhiteSpace(blank))
                throw new UsageException("PROMPT is empty; there is nothing to judge.");
            if (said is not null && string.IsNullOrWhiteSpace(said))
                throw new UsageException("--answer is empty; there is nothing to judge.");

            await using QwenModel loaded = QwenModel.Load(
                LocalModel.Of(parsed.GetValue(model)!).Path,
                modelOptions.Read(parsed) with
                {
                    MaxSequences = AtOnce,
                });
            SafetyGuard guard = new(loaded);
            IAsyncEnumerable<string> prompts = parsed.GetValue(prompt) is { } one
                ? new[] { one }.ToAsyncEnumerable()
                : EmbedCommand.LinesAsync(terminal, stop);
            int done = 0;
            await foreach (string[] chunk in prompts.Chunk(AtOnce).WithCancellation(stop).ConfigureAwait(false))
            {
                SafetyVerdict[] verdicts = await Task.WhenAll(
                        chunk.Select((text, i) => JudgeAsync(guard, text, said, done + i + 1, stop)))
                    .ConfigureAwait(false);
                foreach ((string judged, SafetyVerdict verdict) in chunk.Zip(verdicts))
                {
                    terminal.Out.WriteLine(
                            parsed.GetValue(json) ? Describe(judged, said, verdict).ToJsonString(Output.JsonText) : Line(verdict));
                }

                terminal.Out.Flush();
                done += chunk.Length;
            }

            return done > 0 ? ExitCode.Ok : throw new UsageException("There is no prompt to judge: give PROMPT, or pipe text in.");
        });
        return command;
    }

    private static async Task<SafetyVerdict> JudgeAsync(
        SafetyGuard guard,
        string prompt,
        string? answer,
        int number,
        CancellationToken stop)
    {
        List<ChatMessage> conversation = [new(ChatRole.User, prompt)];
        if (answer is not null)
            conversation.Add(new ChatMessage(ChatRole.Assistant, answer));

        try
        {
            return await guard.JudgeAsync(conversation, stop).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException)
        {
            throw new InvalidDataException($"Prompt {number}: {CommandTree.Said(fault)}", fault);
        }
    }

    /// <summary>"Unsafe", a tab, "Violent, PII"; of an answer, another tab and whether it refuses.</summary>
    private static string Line(SafetyVerdict verdict)
    {
        string about = verdict.Categories.Count == 0 ? "None" : string.Join(", ", verdict.Categories);
        return verdict.IsRefusal is { } refuses
            ? $"{verdict.Label}\t{about}\t{(refuses ? "refusal" : "no refusal")}"
            : $"{verdict.Label}\t{about}";
    }

    private static JsonObject Describe(string prompt, string? answer, SafetyVerdict verdict) => new()
    {
        ["prompt"] = prompt,
        ["answer"] = answer,
        ["safety"] = verdict.Label.ToString(),
        ["categories"] = new JsonArray([.. verdict.Categories.Select(category => (JsonNode)category)]),
        ["refusal"] = verdict.IsRefusal,
    };
}
