using QwenSharp.Chat;
using QwenSharp.Engine;
using QwenSharp.Faults;

namespace QwenSharp;

/// <summary>Says how likely a model finds each token of a text after those before it: for evaluations, and to compare texts.</summary>
/// <remarks>Safe to use from several threads; texts are computed one after the other, beside what the engine generates.</remarks>
/// <param name="model">The model; it stays the caller's to dispose.</param>
public sealed class PromptScorer(QwenModel model)
{
    // Tokens between two looks at whether the work is still wanted.
    private const int Chunk = 256;

    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>The tokens of a text with their log-probabilities.</summary>
    /// <param name="tokens">Token ids, at least one and no more than the context has room for.</param>
    /// <param name="top">How many of the likeliest tokens to report at each place; the token itself need not be among them.</param>
    /// <param name="adapter">One of the model's adapters; null for the model as it is.</param>
    /// <param name="cancellationToken">Ends the work between two chunks.</param>
    /// <returns>An entry a token. The log-probability of the first, which has nothing before it, is NaN.</returns>
    /// <exception cref="ArgumentException">There is no token, too many, or one that the model does not have.</exception>
    public async Task<IReadOnlyList<TextToken>> ScoreAsync(
        ReadOnlyMemory<int> tokens, int top = 0, string? adapter = null, CancellationToken cancellationToken = default)
    {
        Check(tokens.Span);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Score(tokens.Span, top, adapter, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Refuses a prompt that cannot be computed.</summary>
    internal void Check(ReadOnlySpan<int> tokens)
    {
        if (tokens.IsEmpty)
            throw Wrong(FaultKind.OutOfRange, "must have at least one token.");
        if (tokens.Length > model.ContextLength)
            throw Wrong(FaultKind.TooLong, $"has {tokens.Length} tokens; the context has {model.ContextLength}.");

        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)model.Config.VocabularySize)
                throw Wrong(FaultKind.OutOfRange, $"has the token {token}; the model has {model.Config.VocabularySize}.");
        }

        static OptionException Wrong(FaultKind kind, string problem) =>
            new(OptionFault.Of(kind, nameof(GenerationRequest.Prompt), problem));
    }

    private List<TextToken> Score(ReadOnlySpan<int> tokens, int top, string? adapter, CancellationToken cancellationToken)
    {
        using SequenceEvaluator evaluator = new(
            model.Weights,
            tokens.Length,
            adapter: adapter is null ? null : model.Adapters[adapter],
            resources: model.Resources);
        int[] ids = [.. tokens];
        List<TextToken> scored = [new(ids[0], Bytes(ids[0]), float.NaN, [])];
        for (int done = 0; done < ids.Length; done += Chunk)
        {
            cancellationToken.ThrowIfCancellationRequested();
            evaluator.Append(ids.AsSpan(done, Math.Min(Chunk, ids.Length - done)), (position, logits) =>
            {
                if (position + 1 < ids.Length)
                    scored.Add(Describe(ids[position + 1], logits, top));
            });
        }

        return scored;
    }

    private TextToken Describe(int id, ReadOnlySpan<float> logits, int top)
    {
        double max = double.NegativeInfinity, sum = 0;
        foreach (float logit in logits)
            max = Math.Max(max, logit);

        foreach (float logit in logits)
            sum += Math.Exp(logit - max);

        double normalizer = max + Math.Log(sum);
        PriorityQueue<int, float> likeliest = new(top + 1);
        for (int i = 0; i < logits.Length && top > 0; i++)
        {
            if (likeliest.Count < top)
                likeliest.Enqueue(i, logits[i]);
            else if (likeliest.TryPeek(out _, out float least) && logits[i] > least)
                likeliest.EnqueueDequeue(i, logits[i]);
        }

        TextToken[] listed = new TextToken[likeliest.Count];
        for (int i = listed.Length - 1; i >= 0; i--)
        {
            likeliest.TryDequeue(out int candidate, out float logit);
            listed[i] = new TextToken(candidate, Bytes(candidate), (float)(logit - normalizer), []);
        }

        return new TextToken(id, Bytes(id), (float)(logits[id] - normalizer), listed);
    }

    /// <summary>A model's output layer may be padded beyond its vocabulary; such ids have no bytes.</summary>
    private byte[] Bytes(int id) => id < model.Tokenizer.VocabularySize ? model.Tokenizer.GetBytes(id).ToArray() : [];
}
