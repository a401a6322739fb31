using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Eval;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Corpus.Expectations;
using QwenSharp.Models;
using Spectre.Console;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp eval data</c>: how many answers of a data file a model gives.</summary>
internal static class EvalDataCommand
{
    private const int AtOnce = 32;

    private const string Examples = """
        qwensharp eval data test.jsonl --model qwen3:0.6b
        qwensharp eval data test.jsonl --model qwen3:0.6b --adapter tickets/adapter   # after fine-tuning
        qwensharp eval data test.jsonl --model box --failures wrong.jsonl             # each wrong answer beside the right one

        A row is a conversation in one of the forms that 'finetune' reads; its last message is the right answer. Answers are greedy. JSON objects and lists are compared as
        values, objects field by field too; tool calls by name and arguments; everything else as text. Data to measure with must not be data to learn from.
        """;

    public static DocumentedCommand Create(Terminal terminal)
    {
        Argument<string> data = new("DATA") { Description = "A file of conversations, .jsonl or .json." };
        Option<string?> model = new("--model")
        {
            Description = "A GGUF file, a Hugging Face folder, or the name of a pulled model; without it the model in the box.",
            HelpName = "MODEL",
        };
        Option<string?> adapter = AdapterArguments.One();
        Option<int> longest = Values.Number("--max-tokens", 1, int.MaxValue, "Tokens after which an answer is cut.", 512);
        Option<string?> failures = new("--failures")
        {
            Description = "Write each wrong answer as a JSON line: line, fault, answer, expected.",
            HelpName = "FILE",
        };
        Values.Check(failures, path => path != "", "may not be empty");
        Option<bool> json = Values.Json("One JSON object with cases and right answers of each form.");
        ModelOptions modelOptions = new();
        DocumentedCommand command = new(
            "data",
            "Asks a model the conversations of a file, and compares its answers with the file's.",
            Examples)
        {
            data,
            model,
            adapter,
            longest,
            failures,
            json,
        };
        modelOptions.AddTo(command);
        command.SetAction(async (parsed, stop) =>
        {
            string file = parsed.GetValue(data)!;
            LocalModel local = parsed.GetValue(model) is { } named ? LocalModel.Of(named) : BoxModel.Open();
            (string? name, IReadOnlyDictionary<string, string> adapters) = AdapterArguments.Read(parsed, adapter);
            if (parsed.GetValue(failures) is { } output)
                OutputFile.Check(output, [file, local.Path, .. adapters.Values]);

            IReadOnlyList<DataCase> cases = DataCase.Read(file, parsed.GetValue(longest));
            IReadOnlyList<Answer> answers;
            await using (
                QwenModel loaded = QwenModel.Load(
                    local.Path,
                    modelOptions.Read(parsed) with
                    {
                        Id = local.Id,
                        MaxSequences = AtOnce,
                        Adapters = adapters,
                    }))
            {
                using QwenChatClient client = new(loaded, name);
                using ProgressLine line = new(terminal);
                answers = await new ParallelChat(client, AtOnce) { NameOf = i => $"{file}:{cases[i].Line}" }
                    .AskAsync(
                        cases.Count,
                        i => (cases[i].Messages, cases[i].Options),
                        PromptProgress.On(line, cases.Count),
                        stop)
                    .ConfigureAwait(false);
            }

            if (parsed.GetValue(failures) is { } wrong)
            {
                File.WriteAllLines(
                        wrong,
                        cases
                            .Zip(answers)
                            .Where(pair => pair.First.Fault(pair.Second) is not null)
                            .Select(pair => Describe(pair.First, pair.Second)));
            }

            FormScore[] scores = [.. cases.Zip(answers).GroupBy(pair => pair.First.Form).OrderBy(form => form.Key).Select(FormScore.Of)];
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(Json(local.Path, scores).ToJsonString(Output.JsonIndented));
            else
                Write(terminal, scores);

            return ExitCode.Ok;
        });
        return command;
    }

    private static void Write(Terminal terminal, FormScore[] scores)
    {
        Table table = new Table().Border(TableBorder.None).AddColumns("ANSWERS", "CASES", "RIGHT", "%", "FIELDS RIGHT");
        foreach (int column in (int[])[1, 2, 3, 4])
            table.Columns[column].Alignment = Justify.Right;

        foreach (FormScore score in scores)
        {
            table.AddRow(
                score.Name,
                score.Cases.ToString(CultureInfo.InvariantCulture),
                score.Right.ToString(CultureInfo.InvariantCulture),
                (100.0 * score.Right / score.Cases).ToString("0.0", CultureInfo.InvariantCulture),
                score.Fields == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{score.RightFields} of {score.Fields}"));
        }

        terminal.Rich().Write(table);
    }

    private static JsonObject Json(string model, FormScore[] scores) => new()
    {
        ["model"] = Path.GetFileName(model),
        ["cases"] = scores.Sum(score => score.Cases),
        ["right"] = scores.Sum(score => score.Right),
        ["forms"] = new JsonArray([.. scores.Select(score => (JsonNode)new JsonObject
        {
            ["name"] = score.Name,
            ["cases"] = score.Cases,
            ["right"] = score.Right,
            ["fields"] = score.Fields,
            ["right_fields"] = score.RightFields,
        })]),
    };

    private static string Describe(DataCase asked, Answer answer) => new JsonObject
    {
        ["line"] = asked.Line,
        ["fault"] = asked.Fault(answer),
        ["answer"] = ChatAnswer.Describe(answer),
        ["expected"] = ChatAnswer.Describe(asked.Expected),
    }.ToJsonString(Output.JsonText);

    /// <summary>How many answers of one form were right.</summary>
    private sealed record FormScore(string Name, int Cases, int Right, int Fields, int RightFields)
    {
        public static FormScore Of(IGrouping<AnswerForm, (DataCase Asked, Answer Said)> form)
        {
            (int All, int Right)[] fields = [.. form.Select(pair => pair.Asked.CountFields(pair.Said))];
            string name = form.Key switch
            {
                AnswerForm.Json => "JSON",
                AnswerForm.Calls => "tool calls",
                _ => "text",
            };
            return new FormScore(
                name,
                form.Count(),
                form.Count(pair => pair.Asked.Fault(pair.Said) is null),
                fields.Sum(one => one.All),
                fields.Sum(one => one.Right));
        }
    }
}
