using QwenSharp.Faults;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>What is wanted of a sequence's last token.</summary>
public enum LastTokenOutput
{
    /// <summary>The final hidden state, [width].</summary>
    Hidden,

    /// <summary>The logits of the token that would follow, [vocabulary].</summary>
    Logits,

    /// <summary>The outputs of the model's classifier head.</summary>
    Classes,
}

/// <summary>Receives what the model makes of a sequence's last token.</summary>
/// <param name="sequence">The sequence's number.</param>
/// <param name="values">Valid during the call.</param>
public delegate void LastTokenReceiver(int sequence, ReadOnlySpan<float> values);

/// <summary>
/// Reads whole sequences, many in one batch, and hands over what the model makes of the last token of each: for embeddings, rerankers
/// and classifiers. Nothing is generated, and keys and values are kept no longer than a sequence is read. One thread at a time uses it.
/// </summary>
public sealed class LastTokenEvaluator : IDisposable
{
    private readonly ModelRunner _runner;
    private readonly Batch _batch;
    private readonly int _maxSequences;
    private readonly List<int> _finished = [];

    /// <summary>Allocates for batches; the cache grows with the sequences that come.</summary>
    /// <param name="model">The weights; not owned.</param>
    /// <param name="threads">Threads that compute; 0 for one a processor.</param>
    /// <param name="kvType">How keys and values are kept.</param>
    /// <param name="maxRows">Tokens computed at once at most.</param>
    /// <param name="maxSequences">Sequences computed at once at most.</param>
    /// <param name="resources">Whose threads and memory it uses, in turns with others; null for its own.</param>
    public LastTokenEvaluator(
        LanguageModel model,
        int threads = 0,
        TensorType kvType = TensorType.F16,
        int maxRows = 512,
        int maxSequences = 32,
        MachineResources? resources = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxSequences);
        _maxSequences = maxSequences;
        _runner = new ModelRunner(model, new RunnerOptions
        {
            Resources = resources,
            Threads = threads,
            Rows = maxRows,
            LogitRows = maxSequences,
            Sequences = maxSequences,
            KvType = kvType,
        });
        _batch = _runner.Batch;
    }

    /// <summary>Reads sequences. The result of one does not depend on the others.</summary>
    /// <param name="sequences">Token ids, at least one each.</param>
    /// <param name="output">What is wanted of their last tokens.</param>
    /// <param name="receive">Called once a sequence, in order.</param>
    /// <param name="cancellationToken">Ends the work between two batches.</param>
    /// <exception cref="ArgumentException">A sequence is empty, longer than the model's context, or has a token that the model does not
    /// have; the message numbers it from 1.</exception>
    /// <exception cref="ObjectDisposedException">The file that the weights lie in was closed.</exception>
    /// <exception cref="InvalidOperationException">Classes are wanted of a model without a classifier head.</exception>
    public void Evaluate(
        IReadOnlyList<int[]> sequences,
        LastTokenOutput output,
        LastTokenReceiver receive,
        CancellationToken cancellationToken = default)
    {
        if (output == LastTokenOutput.Classes && _runner.Model.ClassifierOutputs == 0)
            throw new InvalidOperationException("The model has no classifier head.");

        Reserve(Check(sequences));

        // A call that was cancelled has kept its memory: each begins with all of it.
        MemoryPool pool = new(_runner);
        SequenceMemory? open = null;
        for (int next = 0, done = 0; next < sequences.Count;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _batch.Clear();
            _finished.Clear();
            List<SequenceMemory> closed = [];
            int openRows = 0;
            while (next < sequences.Count && _batch.Rows < _batch.Capacity && _batch.Sequences.Length < _maxSequences)
            {
                // A sequence that does not fit goes on in the next batch, from where it was cut.
                int[] tokens = sequences[next];
                int rows = Math.Min(tokens.Length - done, _batch.Capacity - _batch.Rows);
                bool ends = done + rows == tokens.Length;
                if (open is null)
                {
                    open = new SequenceMemory(pool, tokens.Length);
                    open.Reserve(tokens.Length);
                }

                _batch.Add(
                    tokens.AsSpan(done, rows),
                    done,
                    open.Blocks,
                    scored: ends && output == LastTokenOutput.Logits ? 1 : 0,
                    kept: ends ? 1 : 0,
                    slot: open.Slot);
                (done, openRows) = (done + rows, rows);
                if (ends)
                {
                    closed.Add(open);
                    _finished.Add(next++);
                    (open, done) = (null, 0);
                }
            }

            _runner.Forward();
            Deliver(output, receive);
            open?.Commit(openRows);
            foreach (SequenceMemory memory in closed)
                memory.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _runner.Dispose();

    private void Deliver(LastTokenOutput output, LastTokenReceiver receive)
    {
        if (output == LastTokenOutput.Classes)
            _runner.Classify();

        Activations rows = output switch
        {
            LastTokenOutput.Hidden => _runner.FinalHidden,
            LastTokenOutput.Logits => _runner.Logits,
            _ => _runner.Classes,
        };
        for (int row = 0; row < _finished.Count; row++)
            receive(_finished[row], rows.Row(row));
    }

    /// <summary>
    /// Blocks for a batch's own rows, and for the sequences that reach into it from the one before and out of it into the next.
    /// </summary>
    private void Reserve(int longest) =>
        _runner.Reserve(2 * MemoryPool.BlocksFor(longest) + MemoryPool.BlocksFor(_batch.Capacity) + _maxSequences);

    private int Check(IReadOnlyList<int[]> sequences)
    {
        int longest = 0;
        for (int i = 0; i < sequences.Count; i++)
        {
            int length = sequences[i].Length;
            if (length == 0)
                throw Wrong(FaultKind.OutOfRange, $"Text {i + 1} is empty.");
            if (length > _runner.Model.Config.ContextLength)
            {
                throw Wrong(
                    FaultKind.TooLong,
                    $"Text {i + 1} has {length} tokens; the model's context has {_runner.Model.Config.ContextLength}.");
            }

            foreach (int token in sequences[i])
            {
                if ((uint)token >= (uint)_runner.Model.Config.VocabularySize)
                {
                    throw Wrong(
                        FaultKind.OutOfRange,
                        $"Token {token} of text {i + 1} is not one of the {_runner.Model.Config.VocabularySize} of the model.");
                }
            }

            longest = Math.Max(longest, length);
        }

        return longest;

        OptionException Wrong(FaultKind kind, FaultSentence sentence) => new(new OptionFault(kind, nameof(sequences), sentence));
    }
}
