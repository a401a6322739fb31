using QwenSharp.Models;

namespace QwenSharp.Engine;

/// <summary>
/// Decides what each step computes. Every decoding sequence gets its next token; prefill gets the rest of the step, oldest first,
/// cut into chunks. Sequences are admitted in the order of their arrival, once the KV cache has room for all their tokens.
/// A decoding sequence that finds no free block takes those of the youngest, which is computed again later: the oldest
/// always goes on, so all end.
/// </summary>
/// <remarks>Running sequences are older than waiting ones, and both lists are in the order of arrival; preemption keeps that.</remarks>
internal sealed class Scheduler(EngineOptions options, int blocks)
{
    private readonly List<Sequence> _running = new(options.MaxSequences);
    private readonly LinkedList<Sequence> _waiting = [];
    private readonly BlockAllocator _allocator = new(blocks);
    private readonly BlockAllocator _slots = new(options.MaxSequences);

    public int Waiting => _waiting.Count;

    public int Running => _running.Count;

    public int FreeBlocks => _allocator.Free;

    public bool HasWork => _running.Count + _waiting.Count > 0;

    public long Preemptions { get; private set; }

    /// <summary>How many sequences of the last scheduled batch decode, with one row each.</summary>
    public int Decoding { get; private set; }

    /// <summary>The sequences of the last scheduled batch.</summary>
    public List<Sequence> Scheduled { get; } = new(options.MaxSequences);

    /// <summary>Those of them whose logits the batch computes, in the order of its logit rows.</summary>
    public List<Sequence> Sampled { get; } = new(options.MaxSequences);

    /// <summary>The oldest sequence, if there is one.</summary>
    public Sequence? First => _running.Count > 0 ? _running[0] : _waiting.First?.Value;

    /// <summary>A cancelled sequence, if there is one.</summary>
    public Sequence? FirstCancelled()
    {
        foreach (Sequence sequence in _running)
        {
            if (sequence.IsCancelled)
                return sequence;
        }

        foreach (Sequence sequence in _waiting)
        {
            if (sequence.IsCancelled)
                return sequence;
        }

        return null;
    }

    public void Enqueue(Sequence sequence) => _waiting.AddLast(sequence);

    /// <summary>Takes a sequence out and frees its blocks and its slot.</summary>
    public void Remove(Sequence sequence)
    {
        if (!_running.Remove(sequence))
            _waiting.Remove(sequence);

        sequence.Release(_allocator, _slots);
    }

    /// <summary>Fills the batch of the next step.</summary>
    public void Schedule(Batch batch)
    {
        batch.Clear();
        Scheduled.Clear();
        Sampled.Clear();
        AddDecoding(batch);
        Decoding = batch.Rows;
        int prefill = batch.Capacity - batch.Rows;
        if (Decoding > 0)
            prefill = Math.Min(prefill, options.MaxPrefillTokensWhileDecoding);

        // Decoding sequences are already in the batch with their one token, and so have none pending here.
        foreach (Sequence sequence in _running)
            prefill -= AddPending(batch, sequence, prefill);
        while (prefill > 0 && TryAdmit() is { } admitted)
            prefill -= AddPending(batch, admitted, prefill);
    }

    private void AddDecoding(Batch batch)
    {
        for (int i = 0; i < _running.Count; i++)
        {
            Sequence sequence = _running[i];
            if (sequence.Pending == 1 && TryReserve(sequence))
                AddPending(batch, sequence, 1);
        }
    }

    /// <summary>
    /// Makes sure of the block of the next position, at the cost of younger sequences; false if the sequence itself was the youngest and
    /// had to yield.
    /// </summary>
    private bool TryReserve(Sequence sequence)
    {
        while (sequence.BlockCount < Sequence.BlocksFor(sequence.Computed + 1))
        {
            if (_allocator.Free > 0)
            {
                sequence.AddBlock(_allocator.Take());
                continue;
            }

            // Younger sequences come later in the list, so none of them is in the batch yet.
            Sequence youngest = _running[^1];
            _running.RemoveAt(_running.Count - 1);
            youngest.Release(_allocator, _slots);
            _waiting.AddFirst(youngest);
            Preemptions++;
            if (youngest == sequence)
                return false;
        }

        return true;
    }

    /// <summary>
    /// Adds the next pending tokens of a running sequence, and takes them for computed: a step either succeeds or ends the sequence.
    /// </summary>
    private int AddPending(Batch batch, Sequence sequence, int limit)
    {
        int tokens = Math.Min(sequence.Pending, limit);
        if (tokens == 0)
            return 0;

        bool isLast = tokens == sequence.Pending;
        batch.Add(
            sequence.Tokens.Slice(sequence.Computed, tokens),
            sequence.Computed,
            sequence.Blocks,
            logits: isLast ? 1 : 0,
            slot: sequence.Slot,
            adapter: sequence.Adapter);
        sequence.Computed += tokens;
        Scheduled.Add(sequence);
        if (isLast)
            Sampled.Add(sequence);

        return tokens;
    }

    private Sequence? TryAdmit()
    {
        if (_waiting.First?.Value is not { } sequence || _running.Count == options.MaxSequences)
            return null;

        // One block is left to each running sequence, or the newcomer would soon have to yield again.
        int needed = Sequence.BlocksFor(sequence.Pending);
        if (needed + _running.Count > _allocator.Free)
            return null;

        _waiting.RemoveFirst();
        _running.Add(sequence);
        sequence.Slot = _slots.Take();
        while (sequence.BlockCount < needed)
            sequence.AddBlock(_allocator.Take());

        return sequence;
    }
}
