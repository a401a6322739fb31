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
        qwensharp eval box --hand-written                       # only the prompts that a person wrote, part by part
        qwensharp eval box --json

        Prompts come from the held-out part of the corpus, of which training saw none, and so from the same generator as the training's. Beside them stand a hundred
        prompts and thirty requests for tools that a person wrote. Exit code 1 if a figure is below its target; those of a person's prompts have none.
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
        Option<bool> handWritten = new("--hand-written")
        {
            Description = "The prompts that a person wrote alone, part by part; without it they are counted beside the generator's.",
        };
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
            handWritten,
            failures,
            json,
        };
        modelOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            Option[] others = [prompts, seed, skill];
            if (result.GetValue(handWritten) && Array.Find(others, option => result.GetResult(option) is { Implicit: false }) is { } other)
                result.AddError($"{other.Name} is for prompts of the generator; --hand-written has its own.");
        });
        command.SetAction(async (parsed, stop) =>
        {
            string path = parsed.GetValue(model) is { } name ? LocalModel.Of(name).Path : BoxModel.Open().Path;
            if (parsed.GetValue(failures) is { } file)
                OutputFile.Check(file, path);

            bool isAlone = parsed.GetValue(handWritten);
            CorpusGenerator generator = new(parsed.GetValue(seed), Split.HeldOut);
            IEnumerable<string> skills = isAlone ? [] : parsed.GetValue(skill) is { } one ? [one] : CorpusGenerator.Skills;
            Exercise[] generated =
            [
                .. skills.SelectMany(name => Enumerable.Range(0, parsed.GetValue(prompts)).Select(i => generator.At(name, i))),
            ];
            Exercise[] exercises = [.. generated, .. parsed.GetValue(skill) is null ? HandWritten.All : []];
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

            IReadOnlyList<GoalScore> scores = BoxEvaluation.Score([.. judged.Take(generated.Length)]);
            IReadOnlyList<GoalScore> written = WrittenByHand([.. judged.Skip(generated.Length)], isAlone);
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(Json(path, parsed.GetValue(seed), scores, written).ToJsonString(Output.JsonIndented));
            else
                Write(terminal, [.. scores, .. written]);

            string[] missed = [.. scores.Where(score => !score.IsMet).Select(score => score.Goal.Name)];
            if (missed.Length == 0)
                return ExitCode.Ok;

            terminal.Fail($"Below target: {string.Join("; ", missed)}.");
            return ExitCode.Failure;
        });
        return command;
    }

    /// <summary>Part by part where nothing else is asked, and in any case the prompts and the requests for tools.</summary>
    private static IReadOnlyList<GoalScore> WrittenByHand(IReadOnlyList<Judged> judged, bool inParts) => judged.Count == 0 ? [] :
    [
        .. inParts ? BoxEvaluation.ScoreByPart(judged.Where(one => one.Exercise.Skill != HandWritten.Calls)) : [],
        BoxEvaluation.Total("hand-written prompts", judged.Where(one => one.Exercise.Skill != HandWritten.Calls)),
        BoxEvaluation.Total("hand-written tool calls", judged.Where(one => one.Exercise.Skill == HandWritten.Calls)),
    ];

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

    private static JsonObject Json(string model, ulong seed, IReadOnlyList<GoalScore> scores, IReadOnlyList<GoalScore> written) => new()
    {
        ["model"] = Path.GetFileName(model),
        ["seed"] = seed,
        ["parts"] = Json(scores),
        ["hand_written"] = Json(written),
    };

    private static JsonArray Json(IReadOnlyList<GoalScore> scores) =>
    [
        .. scores.Select(score => (JsonNode)new JsonObject
        {
            ["name"] = score.Goal.Name,
            ["cases"] = score.Cases,
            ["right"] = score.Right,
            ["percent"] = Math.Round(score.Percent, 2),
            ["target"] = score.Goal.Percent,
            ["met"] = score.IsMet,
        }),
    ];

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
