using System.Runtime.InteropServices;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>Receives the logits of one position.</summary>
/// <param name="position">The position in the sequence.</param>
/// <param name="logits">One a token of the vocabulary; valid during the call.</param>
public delegate void LogitsReceiver(int position, ReadOnlySpan<float> logits);

/// <summary>
/// Computes logits of one sequence, synchronously and without sampling: for measurements, comparisons with a reference, and perplexity.
/// One thread at a time uses it.
/// </summary>
public sealed class SequenceEvaluator : IDisposable
{
    // Rows of logits kept at once when all are wanted: a vocabulary of 150 000 takes 600 KB a row.
    private const int LogitRows = 32;

    private readonly ModelRunner _runner;
    private readonly SequenceMemory _memory;
    private readonly FittedAdapter? _adapter;
    private readonly List<int> _tokens = [];

    /// <summary>Allocates for one sequence.</summary>
    /// <param name="model">The weights; not owned.</param>
    /// <param name="contextLength">Positions there is room for.</param>
    /// <param name="threads">Threads that compute; 0 for one a processor.</param>
    /// <param name="kvType">How keys and values are kept: exactly, or F16 as an <see cref="InferenceEngine"/> has by default.</param>
    /// <param name="chunk">Tokens computed at once at most.</param>
    /// <param name="observer">Sees the input of each product with a weight matrix; null for none.</param>
    /// <param name="adapter">An adapter that was fitted to the model; null for the model as it is.</param>
    /// <param name="resources">Whose threads and memory it uses, in turns with others; null for its own.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    /// <exception cref="ArgumentException">The adapter was fitted to another model.</exception>
    public SequenceEvaluator(
        LanguageModel model,
        int contextLength,
        int threads = 0,
        TensorType kvType = TensorType.F32,
        int chunk = 512,
        ProjectionObserver? observer = null,
        FittedAdapter? adapter = null,
        MachineResources? resources = null)
    {
        if (adapter is not null && adapter.Model != model)
            throw new ArgumentException($"The adapter '{adapter.Adapter.Name}' was fitted to another model.", nameof(adapter));

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(contextLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(chunk);
        _adapter = adapter;
        ContextLength = contextLength;
        (chunk, int logitRows) = BatchFor(contextLength, chunk);
        _runner = new ModelRunner(model, new RunnerOptions
        {
            Resources = resources,
            Threads = threads,
            Rows = chunk,
            LogitRows = logitRows,
            Blocks = MemoryPool.BlocksFor(contextLength),
            KvType = kvType,
            Observer = observer,
        });
        _memory = new SequenceMemory(new MemoryPool(_runner), contextLength);
    }

    /// <summary>
    /// The rows of an evaluator's <see cref="Workspace"/>: tokens computed at once, and how many of them may want logits.
    /// </summary>
    /// <param name="contextLength">Positions there is room for.</param>
    /// <param name="chunk">Tokens computed at once at most.</param>
    public static (int Rows, int LogitRows) BatchFor(int contextLength, int chunk = 512) =>
        (Math.Min(chunk, contextLength), Math.Min(LogitRows, Math.Min(chunk, contextLength)));

    /// <summary>Positions there is room for.</summary>
    public int ContextLength { get; }

    /// <summary>How many tokens were computed: the position of the next one.</summary>
    public int Position => _tokens.Count;

    /// <summary>
    /// Forgets the sequence from a position on; the next token takes that position. A recurrent state does not go back: where the model has
    /// such, the tokens before the position are computed again, unless it is 0 or <see cref="Restore"/> brings back a snapshot taken there.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is not one of those computed, nor the next.</exception>
    public void Rewind(int position = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, Position);
        int[] replayed = _runner.States is null || position == Position ? [] : [.. _tokens[..position]];
        GoBack(position - replayed.Length);
        foreach (int[] chunk in replayed.Chunk(_runner.Batch.Capacity))
            Forward(chunk, scored: 0);
    }

    /// <summary>
    /// What it takes to come back to this position later: the recurrent states, where the model has such. Keys and values stay where they
    /// are.
    /// </summary>
    /// <exception cref="InvalidOperationException">The sequence is empty, or its last tokens could not be computed.</exception>
    public SequenceSnapshot Snapshot() => Position > 0
        ? new SequenceSnapshot([.. _tokens], _runner.States?.Snapshot(_memory.Slot))
        : throw new InvalidOperationException("There is nothing to keep of an empty sequence; Rewind begins again.");

    /// <summary>Goes back to a snapshot; the next token takes its position.</summary>
    /// <exception cref="ArgumentException">The sequence does not begin with the snapshot's tokens, or it is that of another
    /// model.</exception>
    public void Restore(SequenceSnapshot snapshot)
    {
        int position = snapshot.Position;
        if (position > Position || !CollectionsMarshal.AsSpan(_tokens)[..position].SequenceEqual(snapshot.Tokens))
            throw new ArgumentException($"The sequence does not begin with the {position} tokens of the snapshot.", nameof(snapshot));
        if (snapshot.State is null != _runner.States is null)
            throw new ArgumentException("The snapshot is that of another model.", nameof(snapshot));

        _runner.States?.Restore(_memory.Slot, snapshot.State!);
        GoBack(position);
    }

    /// <summary>Appends tokens to the sequence.</summary>
    /// <param name="tokens">At least one.</param>
    /// <returns>The logits of the last one, valid until the next call.</returns>
    /// <exception cref="ArgumentException">There is no token, one that the model does not have, or no room for them.</exception>
    public ReadOnlySpan<float> Append(ReadOnlySpan<int> tokens)
    {
        Check(tokens);
        for (int done = 0; done < tokens.Length;)
        {
            int rows = Math.Min(_runner.Batch.Capacity, tokens.Length - done);
            Forward(tokens.Slice(done, rows), scored: done + rows == tokens.Length ? 1 : 0);
            done += rows;
        }

        return _runner.Logits.Row(0);
    }

    /// <summary>Appends tokens to the sequence and hands over the logits of each.</summary>
    /// <param name="tokens">At least one.</param>
    /// <param name="receive">Called once a token, in order.</param>
    /// <exception cref="ArgumentException">There is no token, one that the model does not have, or no room for them.</exception>
    public void Append(ReadOnlySpan<int> tokens, LogitsReceiver receive)
    {
        Check(tokens);
        for (int done = 0; done < tokens.Length;)
        {
            int rows = Math.Min(_runner.Logits.Capacity, tokens.Length - done);
            Forward(tokens.Slice(done, rows), rows);
            for (int row = 0; row < rows; row++)
                receive(Position - rows + row, _runner.Logits.Row(row));

            done += rows;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _runner.Dispose();

    private void Forward(ReadOnlySpan<int> tokens, int scored)
    {
        _memory.Reserve(tokens.Length);
        _runner.Batch.Clear();
        _runner.Batch.Add(tokens, Position, _memory.Blocks, scored, slot: _memory.Slot, adapter: _adapter);
        _runner.Forward();
        _memory.Commit(tokens.Length);
        _tokens.AddRange(tokens);
    }

    private void GoBack(int position)
    {
        _memory.RollBack(position);
        _tokens.RemoveRange(position, Position - position);
    }

    private void Check(ReadOnlySpan<int> tokens)
    {
        if (tokens.IsEmpty)
            throw new ArgumentException("There is no token to compute.", nameof(tokens));
        if (tokens.Length > ContextLength - Position)
        {
            throw new ArgumentException(
                $"{tokens.Length} tokens do not fit: {Position} of {ContextLength} positions are taken.",
                nameof(tokens));
        }

        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)_runner.Model.Config.VocabularySize)
            {
                throw new ArgumentException(
                    $"Token {token} is not one of the {_runner.Model.Config.VocabularySize} of the model.",
                    nameof(tokens));
            }
        }
    }
}
