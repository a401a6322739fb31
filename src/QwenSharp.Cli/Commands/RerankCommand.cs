using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp rerank</c>: documents in the order of how well they answer a query.</summary>
internal static class RerankCommand
{
    private const string Examples = """
        qwensharp rerank qwen3-reranker-0.6b.gguf --query "capital of China" "Beijing is the capital." "Gravity pulls."
        qwensharp rerank model.gguf --query "capital of China" --json < documents.txt     # a document a line
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> model = Values.Model();
        Argument<string[]> documents = new("DOC")
        {
            Description = "The documents; without any, each line of standard input is one.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string> query = new("--query")
        {
            Description = "What is asked.",
            HelpName = "TEXT",
            Required = true,
        };
        Option<string?> instruction = new("--instruction")
        {
            Description = $"What is looked for, a sentence. Default: {Reranker.DefaultInstruction}.",
            HelpName = "TEXT",
        };
        Option<string?> pooling = PoolingOption.Create("rank");
        Option<int> threads = Values.Number("--threads", 0, 1024, "Threads that compute; 0 for one a processor.", 0);
        Option<bool> json = Values.Json("One JSON object with index, score and text of each document.");
        DocumentedCommand command = new(
            "rerank",
            "Scores documents for a query from 0 to 1, the best first: score, number, document.",
            Examples)
        {
            model,
            query,
            documents,
            instruction,
            pooling,
            threads,
            json,
        };
        command.SetAction(
            async (parsed, stop) =>
            {
                if (string.IsNullOrWhiteSpace(parsed.GetValue(query)))
                    throw new UsageException("--query is empty; nothing is asked.");

                string[] texts = parsed.GetValue(documents) ?? [];
                if (Array.FindIndex(texts, string.IsNullOrWhiteSpace) is >= 0 and var empty)
                    throw new UsageException($"DOC {empty + 1} is empty; there is nothing to score.");
                if (texts.Length == 0)
                    texts = await EmbedCommand.LinesAsync(terminal, stop).ToArrayAsync(stop).ConfigureAwait(false);
                if (texts.Length == 0)
                    throw new UsageException("There is no document to score.");

                LocalModel local = LocalModel.Of(parsed.GetValue(model)!);
                await using QwenModel weights = QwenModel.Load(
                    local.Path,
                    new QwenModelOptions { Id = local.Id, Threads = parsed.GetValue(threads) });
                PoolingOption.RequireRanking(parsed, pooling, weights, local.Path);
                using Reranker reranker = new(weights);
                IReadOnlyList<float> scores = await reranker
                    .ScoreAsync(parsed.GetValue(query)!, texts, parsed.GetValue(instruction), stop)
                    .ConfigureAwait(false);
                int[] order = [.. Enumerable.Range(0, texts.Length).OrderByDescending(i => scores[i])];
                if (parsed.GetValue(json))
                {
                    terminal.Out.WriteLine(Describe(parsed.GetValue(query)!, texts, scores, order).ToJsonString(Output.JsonText));
                }
                else
                {
                    Array.ForEach(
                        order,
                        i => terminal.Out.WriteLine($"{scores[i].ToString("0.0000", CultureInfo.InvariantCulture)}\t{i + 1}\t{texts[i]}"));
                }

                return ExitCode.Ok;
            });
        return command;
    }

    private static JsonObject Describe(string query, string[] texts, IReadOnlyList<float> scores, int[] order) =>
        new()
        {
            ["query"] = query,
            ["results"] = new JsonArray([
                .. order.Select(i => new JsonObject
                {
                    ["index"] = i,
                    ["score"] = scores[i],
                    ["document"] = texts[i],
                }),
            ]),
        };
}
