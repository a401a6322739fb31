using QwenSharp.Engine;
using QwenSharp.Faults;
using QwenSharp.Models;
using QwenSharp.Tokenizers;

namespace QwenSharp;

/// <summary>
/// Scores how well documents answer a query, as Qwen3-Reranker does (Zhang et al., 2025, arXiv 2506.05176): the model is asked whether
/// they do, and the score is P(yes) / (P(yes) + P(no)) of its next word. Files made for ranking carry a head for these two words alone.
/// </summary>
/// <remarks>Safe to use from several threads; requests are computed one after the other.</remarks>
public sealed class Reranker : IDisposable
{
    /// <summary>What is looked for when nobody says it.</summary>
    public const string DefaultInstruction = "Given a web search query, retrieve relevant passages that answer the query";

    private const string Opening =
        "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct provided. "
        + "Note that the answer can only be \"yes\" or \"no\".<|im_end|>\n<|im_start|>user\n";

    private const string Closing = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n";

    private readonly QwenModel _model;
    private readonly LastTokenEvaluator _evaluator;
    private readonly SemaphoreSlim _turn = new(1);
    private int _disposed;
    private readonly LastTokenOutput _output;
    private readonly int _yes;
    private readonly int _no;

    /// <summary>Prepares a model to rank.</summary>
    /// <param name="model">The model; it stays the caller's to dispose.</param>
    /// <param name="threads">How many of the model's threads compute; 0 for all.</param>
    /// <exception cref="InvalidDataException">The model makes embeddings, or it cannot say yes and no.</exception>
    public Reranker(QwenModel model, int threads = 0)
    {
        if (model.Config.Pooling == Pooling.Last)
            throw new InvalidDataException($"{model.Id} makes embeddings; it cannot rank.");

        _model = model;
        _output = model.Weights.ClassifierOutputs > 0 ? LastTokenOutput.Classes : LastTokenOutput.Logits;
        _yes = IndexOf("yes");
        _no = IndexOf("no");
        _evaluator = new LastTokenEvaluator(model.Weights, threads, resources: model.Resources);
    }

    /// <summary>Scores documents for a query.</summary>
    /// <param name="query">What is asked. Control tokens in texts are text like any other.</param>
    /// <param name="documents">The documents.</param>
    /// <param name="instruction">What is looked for, a sentence; null for <see cref="DefaultInstruction"/>.</param>
    /// <param name="cancellationToken">Ends the work between two batches.</param>
    /// <returns>A score from 0 to 1 for each document, in their order.</returns>
    /// <exception cref="ArgumentException">A document and the query together are longer than the context.</exception>
    /// <exception cref="ObjectDisposedException">The reranker or the model was disposed, also while it computes.</exception>
    public async Task<IReadOnlyList<float>> ScoreAsync(
        string query, IEnumerable<string> documents, string? instruction = null, CancellationToken cancellationToken = default)
    {
        int[][] prompts = [.. documents.Select(document => Encode(query, document, instruction ?? DefaultInstruction))];
        float[] scores = new float[prompts.Length];
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
            // P(yes) / (P(yes) + P(no)) = σ(yes − no).
            await Task.Run(
                    () =>
                        _evaluator.Evaluate(
                            prompts,
                            _output,
                            (i, values) => scores[i] = (float)(1 / (1 + Math.Exp((double)values[_no] - values[_yes]))),
                            cancellationToken),
                    cancellationToken)
                .ConfigureAwait(false);
        }
        catch (OptionException fault)
        {
            throw new OptionException(fault.Fault.Renamed(name => name == "sequences" ? nameof(documents) : null), fault);
        }
        finally
        {
            _turn.Release();
        }

        return scores;
    }

    /// <summary>The tokens that the model reads to score a document.</summary>
    public int CountTokens(string query, string document, string? instruction = null) =>
        Encode(query, document, instruction ?? DefaultInstruction).Length;

    /// <summary>Waits for the work in progress and frees the memory; the model stays.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        _turn.Wait();
        _evaluator.Dispose();
        _turn.Release();
    }

    private int IndexOf(string answer)
    {
        if (_output == LastTokenOutput.Classes)
        {
            int index = _model.Config.ClassifierLabels.ToList().IndexOf(answer);
            return index >= 0 ? index : throw new InvalidDataException($"The classifier of {_model.Id} has no output '{answer}'.");
        }

        int[] ids = _model.Tokenizer.Encode(answer, TokenParsing.None);
        return ids.Length == 1
            ? ids[0]
            : throw new InvalidDataException($"The vocabulary of {_model.Id} has no single token for '{answer}', so that it cannot rank.");
    }

    private int[] Encode(string query, string document, string instruction)
    {
        List<int> ids = [];
        _model.Tokenizer.Encode(Opening, ids, TokenParsing.All);
        _model.Tokenizer.Encode($"<Instruct>: {instruction}\n<Query>: {query}\n<Document>: {document}", ids, TokenParsing.None);
        _model.Tokenizer.Encode(Closing, ids, TokenParsing.All);
        return [.. ids];
    }
}
