using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp embed</c>: texts as vectors.</summary>
internal static class EmbedCommand
{
    // Lines of standard input that are computed together.
    private const int LinesAtOnce = 64;

    private const string Examples = """
        qwensharp embed qwen3-embedding-0.6b.gguf "The capital of China is Beijing."
        qwensharp embed model.gguf --instruction "Given a question, find passages that answer it" "What is the capital of China?"
        qwensharp embed model.gguf --dimensions 256 --json < documents.txt    # a text a line, {"text": …, "embedding": […]} a line out
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> model = Values.Model();
        Argument<string[]> texts = new("TEXT")
        {
            Description = "The texts; without any, each line of standard input is one.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string?> instruction = new("--instruction")
        {
            Description = "For queries: the task that they come from, a sentence. Documents go without.",
            HelpName = "TEXT",
        };
        Option<int?> dimensions = Values.Optional(
            "--dimensions",
            1,
            int.MaxValue,
            "How many elements to keep, of models trained for it; all otherwise.");
        Option<int> threads = Values.Number("--threads", 0, 1024, "Threads that compute; 0 for one a processor.", 0);
        Option<string?> pooling = PoolingOption.Create("last");
        Option<bool> json = Values.Json("One JSON object a text, with the text and its embedding.");
        DocumentedCommand command = new(
            "embed",
            "Turns texts into vectors of length 1, whose products say how much they are about the same.",
            Examples)
        {
            model,
            texts,
            instruction,
            dimensions,
            pooling,
            threads,
            json,
        };
        command.SetAction(
            async (parsed, stop) =>
            {
                string[] given = parsed.GetValue(texts) ?? [];
                if (Array.FindIndex(given, string.IsNullOrWhiteSpace) is >= 0 and var empty)
                    throw new UsageException($"TEXT {empty + 1} is empty; there is nothing to embed.");

                EmbeddingGenerationOptions options = new() { Dimensions = parsed.GetValue(dimensions) };
                if (parsed.GetValue(instruction) is { } task)
                    options.AdditionalProperties = new() { [TextEmbedder.InstructionKey] = task };

                LocalModel local = LocalModel.Of(parsed.GetValue(model)!);
                await using QwenModel weights = QwenModel.Load(local.Path, new QwenModelOptions { Id = local.Id });
                PoolingOption.RequireEmbedding(parsed, pooling, weights, local.Path);
                using TextEmbedder embedder = new(weights, parsed.GetValue(threads));
                bool hasText = false;
                IAsyncEnumerable<string> source = given.Length > 0 ? given.ToAsyncEnumerable() : LinesAsync(terminal, stop);
                await foreach (string[] chunk in source.Chunk(LinesAtOnce).WithCancellation(stop).ConfigureAwait(false))
                {
                    hasText = true;
                    GeneratedEmbeddings<Embedding<float>> embeddings =
                        await embedder.GenerateAsync(chunk, options, stop).ConfigureAwait(false);
                    for (int i = 0; i < chunk.Length; i++)
                    {
                        ReadOnlyMemory<float> vector = embeddings[i].Vector;
                        terminal.Out.WriteLine(parsed.GetValue(json) ? JsonLine(chunk[i], vector) : Line(vector));
                    }

                    terminal.Out.Flush();
                }

                return hasText ? ExitCode.Ok : throw new UsageException("There is no text to embed: give TEXT, or pipe lines in.");
            });
        return command;
    }

    /// <summary>The lines of standard input that have text.</summary>
    public static IAsyncEnumerable<string> LinesAsync(Terminal terminal, CancellationToken stop) =>
        terminal.ReadLinesAsync(stop).Where(line => !string.IsNullOrWhiteSpace(line));

    private static string Line(ReadOnlyMemory<float> vector) =>
        string.Join(' ', vector.ToArray().Select(value => value.ToString(CultureInfo.InvariantCulture)));

    private static string JsonLine(string text, ReadOnlyMemory<float> vector) => new JsonObject
    {
        ["text"] = text,
        ["embedding"] = new JsonArray([.. vector.ToArray().Select(value => (JsonNode)value)]),
    }.ToJsonString(Output.JsonText);
}
