using System.CommandLine;
using System.CommandLine.Parsing;
using QwenSharp.Models;

namespace QwenSharp.Cli.Options;

/// <summary>
/// <c>--pooling</c>: reads a model as one for embeddings or for ranking that does not say that it is. Any model gives numbers; those of one
/// that was not trained for it mean nothing.
/// </summary>
internal static class PoolingOption
{
    /// <param name="word">How GGUF and llama.cpp call it: last or rank.</param>
    public static Option<string?> Create(string word)
    {
        Option<string?> option = new("--pooling")
        {
            Description = $"'{word}' reads a model so that does not say that it is made for it.",
            HelpName = word,
        };
        option.CompletionSources.Add(word);
        Values.Check(option, given => given == word, $"must be {word}");
        return option;
    }

    /// <summary>Refuses a model that is not made for embeddings.</summary>
    /// <exception cref="UsageException">It is not, and <c>--pooling last</c> is not given.</exception>
    public static void RequireEmbedding(ParseResult parsed, Option<string?> option, QwenModel model, string path)
    {
        // Where an embedding is read from, its tokenizer puts a token of its own behind each text.
        bool isOne = model.Config.Pooling != Pooling.None || model.Tokenizer.SequenceSuffix.Count > 0 || IsCalled("embed", model, path);
        if (!isOne && parsed.GetValue(option) is null)
        {
            throw new UsageException(
                $"{model.Id} is no model for embeddings, so its vectors would mean nothing. Qwen3-Embedding makes them: qwensharp pull "
                    + "qwen3-embedding:0.6b. If it was trained for it and does not say so, give --pooling last.");
        }
    }

    /// <summary>Refuses a model that is not made for ranking.</summary>
    /// <exception cref="UsageException">It is not, and <c>--pooling rank</c> is not given.</exception>
    public static void RequireRanking(ParseResult parsed, Option<string?> option, QwenModel model, string path)
    {
        bool isOne =
            model.Config.Pooling != Pooling.None || model.Weights.ClassifierOutputs > 0 || IsCalled("rerank", model, path);
        if (!isOne && parsed.GetValue(option) is null)
        {
            throw new UsageException(
                $"{model.Id} is no reranker, so its scores would mean nothing. Qwen3-Reranker makes them: qwensharp pull "
                    + "qwen3-reranker:0.6b. If it was trained for it and does not say so, give --pooling rank.");
        }
    }

    // Qwen3-Reranker as published is a language model to its configuration; its name alone says what it is.
    private static bool IsCalled(string word, QwenModel model, string path) =>
        model.Id.Contains(word, StringComparison.OrdinalIgnoreCase)
        || Path.GetFullPath(path).Contains(word, StringComparison.OrdinalIgnoreCase);
}
