using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Eval;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Corpus;
using QwenSharp.Corpus.Expectations;
using Spectre.Console;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp eval box</c>: how well the model in the box does what it is trained for.</summary>
internal static class EvalCommand
{
    private const int AtOnce = 32;

    private const string Examples = """
        qwensharp eval box                                      # the model that comes with the program
        qwensharp eval box --model mine.gguf --prompts 500
        qwensharp eval box --skill tools --failures wrong.jsonl # one skill; prompts, answers and faults
        qwensharp eval box --json

        Prompts come from the held-out part of the corpus, of which training saw none. Exit code 1 if a figure is below its target.
        """;

    public static Command Create(Terminal terminal) =>
        new("eval", "Measures how well a model answers.") { Box(terminal), EvalDataCommand.Create(terminal) };

    private static DocumentedCommand Box(Terminal terminal)
    {
        Option<string?> model = new("--model")
        {
            Description = "A GGUF file, a Hugging Face folder, or the name of a pulled model; without it the model in the box.",
            HelpName = "MODEL",
        };
        Option<int> prompts = Values.Number("--prompts", 1, 1_000_000, "Prompts of each skill.", 300);
        Option<ulong> seed = Values.Number("--seed", 0UL, ulong.MaxValue, "Which prompts of the held-out part.", 1UL);
        Option<string?> skill = new("--skill")
        {
            Description = $"One skill alone: {string.Join(", ", CorpusGenerator.Skills)}.",
            HelpName = "NAME",
        };
        Values.OneOf(skill, [.. CorpusGenerator.Skills]);
        Option<string?> failures = new("--failures")
        {
            Description = "Write each wrong answer as a JSON line: skill, kind, prompt, answer, expected, fault.",
            HelpName = "FILE",
        };
        Values.Check(failures, path => path != "", "may not be empty");
        Option<bool> json = Values.Json("One JSON object with cases, right answers and target of each part.");
        ModelOptions modelOptions = new(context: false);
        DocumentedCommand command = new(
            "box",
            "Asks the model in the box held-out prompts of each skill, and judges its answers.",
            Examples)
        {
            model,
            prompts,
            seed,
            skill,
            failures,
            json,
        };
        modelOptions.AddTo(command);
        command.SetAction(async (parsed, stop) =>
        {
            string path = parsed.GetValue(model) is { } name ? LocalModel.Of(name).Path : BoxModel.Open().Path;
            if (parsed.GetValue(failures) is { } file)
                OutputFile.Check(file, path);

            CorpusGenerator generator = new(parsed.GetValue(seed), Split.HeldOut);
            IEnumerable<string> skills = parsed.GetValue(skill) is { } one ? [one] : CorpusGenerator.Skills;
            Exercise[] exercises =
            [
                .. skills.SelectMany(name => Enumerable.Range(0, parsed.GetValue(prompts)).Select(i => generator.At(name, i))),
                ];
            IReadOnlyList<Judged> judged;
            await using (QwenModel loaded = QwenModel.Load(path, modelOptions.Read(parsed) with { MaxSequences = AtOnce }))
            {
                using QwenChatClient client = new(loaded);
                using ProgressLine line = new(terminal);
                judged = await new BoxEvaluation(client, AtOnce)
                    .RunAsync(exercises, PromptProgress.On(line, exercises.Length), stop)
                    .ConfigureAwait(false);
            }

            if (parsed.GetValue(failures) is { } output)
                File.WriteAllLines(output, judged.Where(one => one.Fault is not null).Select(Describe));

            IReadOnlyList<GoalScore> scores = BoxEvaluation.Score(judged);
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(Json(path, parsed.GetValue(seed), scores).ToJsonString(Output.JsonIndented));
            else
                Write(terminal, scores);

            string[] missed = [.. scores.Where(score => !score.IsMet).Select(score => score.Goal.Name)];
            if (missed.Length == 0)
                return ExitCode.Ok;

            terminal.Fail($"Below target: {string.Join("; ", missed)}.");
            return ExitCode.Failure;
        });
        return command;
    }

    private static void Write(Terminal terminal, IReadOnlyList<GoalScore> scores)
    {
        Table table = new Table().Border(TableBorder.None).AddColumns("SKILL", "CASES", "RIGHT", "%", "TARGET", "");
        foreach (int column in (int[])[1, 2, 3, 4])
            table.Columns[column].Alignment = Justify.Right;

        foreach (GoalScore score in scores)
        {
            table.AddRow(
                score.Goal.Name,
                score.Cases.ToString(CultureInfo.InvariantCulture),
                score.Right.ToString(CultureInfo.InvariantCulture),
                score.Percent.ToString("0.0", CultureInfo.InvariantCulture),
                score.Goal.Percent?.ToString(CultureInfo.InvariantCulture) ?? "",
                score.IsMet ? "" : "below");
        }

        terminal.Rich().Write(table);
    }

    private static JsonObject Json(string model, ulong seed, IReadOnlyList<GoalScore> scores) => new()
    {
        ["model"] = Path.GetFileName(model),
        ["seed"] = seed,
        ["parts"] = new JsonArray([.. scores.Select(score => (JsonNode)new JsonObject
        {
            ["name"] = score.Goal.Name,
            ["cases"] = score.Cases,
            ["right"] = score.Right,
            ["percent"] = Math.Round(score.Percent, 2),
            ["target"] = score.Goal.Percent,
            ["met"] = score.IsMet,
        })]),
    };

    private static string Describe(Judged one) => new JsonObject
    {
        ["skill"] = one.Exercise.Skill,
        ["kind"] = one.Exercise.Kind,
        ["fault"] = one.Fault,
        ["prompt"] = JsonNode.Parse(JsonLines.Write(one.Exercise.Conversation with { Messages = one.Exercise.Prompt })),
        ["answer"] = ChatAnswer.Describe(one.Answer),
        ["expected"] = ChatAnswer.Describe(Answer.Of(one.Exercise.Conversation.Messages[^1])),
    }.ToJsonString(Output.JsonText);
}
