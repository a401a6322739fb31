using System.CommandLine;
using System.Text;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Corpus;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp corpus</c>: what the model in the box is trained on.</summary>
internal static class CorpusCommand
{
    private const string Examples = """
        qwensharp corpus --output corpus.jsonl                              # 120,000 examples of seed 1
        qwensharp corpus --output more.jsonl --seed 2 --examples 1000000
        qwensharp corpus --output held-out.jsonl --held-out --examples 2000 # prompts that the others never hold
        qwensharp corpus --output phrases.jsonl --skill phrases             # one skill alone
        qwensharp corpus --output corpus.jsonl --statistics statistics.md   # or .json

        A line is {"messages": […], "tools": […], "chat_template_kwargs": {"enable_thinking": …}} in OpenAI's form. A seed gives the same lines on every machine.
        """;

    public static Command Create(Terminal terminal)
    {
        Option<string> output = new("--output") { Description = "The JSONL file to write.", HelpName = "FILE", Required = true };
        Values.Check(output, path => path != "", "may not be empty");
        Option<ulong> seed = Values.Number("--seed", 0UL, ulong.MaxValue, "Which of all corpora.", 1UL);
        Option<int> examples = Values.Number("--examples", 1, int.MaxValue, "Lines to write.", 120_000);
        Option<string?> skill = new("--skill")
        {
            Description = $"Exercises of one skill alone: {string.Join(", ", CorpusGenerator.Skills)}.",
            HelpName = "NAME",
        };
        Values.OneOf(skill, [.. CorpusGenerator.Skills]);
        Option<bool> heldOut = new("--held-out") { Description = "Write exercises of the part that is never trained on." };
        Option<string?> statistics = new("--statistics")
        {
            Description = "Also write what the corpus holds, as Markdown, or as JSON if the name ends in .json.",
            HelpName = "FILE",
        };
        Values.Check(statistics, path => path != "", "may not be empty");
        DocumentedCommand command = new("corpus", "Generates the conversations that the model in the box is trained on.", Examples)
        {
            output,
            seed,
            examples,
            skill,
            heldOut,
            statistics,
        };
        command.SetAction(
            (parsed, stop) =>
            {
                string path = parsed.GetValue(output)!;
                OutputFile.Check(path);
                if (parsed.GetValue(statistics) is { } report)
                    OutputFile.Check(report, path);

                CorpusStatistics counts = new(parsed.GetValue(seed));
                CorpusGenerator generator = new(parsed.GetValue(seed), parsed.GetValue(heldOut) ? Split.HeldOut : Split.Train);
                Func<int, Exercise> make = parsed.GetValue(skill) is { } one ? i => generator.At(one, i) : i => generator.At(i);
                Write(terminal, path, make, parsed.GetValue(examples), counts, stop);
                if (parsed.GetValue(statistics) is { } file)
                {
                    File.WriteAllText(
                        file,
                        file.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? counts.ToJson() + "\n" : counts.ToMarkdown());
                }

                terminal.Out.WriteLine($"{path}: {parsed.GetValue(examples)} examples, {Output.Bytes(new FileInfo(path).Length)}");
                return Task.FromResult(ExitCode.Ok);
            });
        return command;
    }

    /// <summary>
    /// Writes under a temporary name until the file is complete; exercises are made on all processors, and written in their order.
    /// </summary>
    private static void Write(
        Terminal terminal,
        string path,
        Func<int, Exercise> make,
        int count,
        CorpusStatistics counts,
        CancellationToken stop)
    {
        string partial = path + ".partial";
        try
        {
            using ProgressLine line = new(terminal);
            using (
                StreamWriter writer = new(partial, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false))
                {
                    NewLine = "\n",
                })
            {
                int done = 0;
                IEnumerable<(Exercise Exercise, string Line)> lines = ParallelEnumerable.Range(0, count).AsOrdered().WithCancellation(stop)
                    .Select(make).Select(exercise => (exercise, JsonLines.Write(exercise.Conversation)));
                foreach ((Exercise exercise, string text) in lines)
                {
                    writer.WriteLine(text);
                    counts.Add(exercise, text.Length);
                    if (++done % 1000 == 0)
                        line.Show($"{100L * done / count,3} %  {done} of {count} examples");
                }
            }

            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }
}
