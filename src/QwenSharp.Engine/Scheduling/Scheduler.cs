using QwenSharp.Models;

namespace QwenSharp.Engine;

/// <summary>
/// Decides what each step computes. Every decoding sequence gets its next token; prefill gets the rest of the step, cut into chunks: the
/// oldest prompt's, of which shorter ones that came later take up to half, so that they do not wait behind the long ones.
/// Sequences are admitted by turns of their owners, once the KV cache has room for all their tokens. A decoding sequence that finds no free
/// block takes those of the youngest, which is computed again later: the oldest always goes on, so all end.
/// </summary>
internal sealed class Scheduler(EngineOptions options, MemoryPool pool)
{
    // In the order of arrival.
    private readonly List<Sequence> _running = new(options.MaxSequences);
    private readonly WaitingRoom _waiting = new();

    // Those whose memory is kept.
    private readonly List<SharedPrompt> _prompts = [];
    private long _arrived;

    public int Waiting => _waiting.Count;

    public int Running => _running.Count;

    public int FreeBlocks => pool.Blocks.Free;

    public bool HasWork => _running.Count + _waiting.Count > 0;

    public long Preemptions { get; private set; }

    /// <summary>How many sequences of the last scheduled batch decode, with one row each.</summary>
    public int Decoding { get; private set; }

    /// <summary>The sequences of the last scheduled batch.</summary>
    public List<Sequence> Scheduled { get; } = new(options.MaxSequences);

    /// <summary>Those of them whose logits the batch computes, in the order of its logit rows.</summary>
    public List<Sequence> Sampled { get; } = new(options.MaxSequences);

    /// <summary>Some sequence, if there is one.</summary>
    public Sequence? First => _running.Count > 0 ? _running[0] : _waiting.First;

    /// <summary>A cancelled sequence, if there is one.</summary>
    public Sequence? FirstCancelled()
    {
        foreach (Sequence sequence in _running)
        {
            if (sequence.IsCancelled)
                return sequence;
        }

        return _waiting.FirstCancelled();
    }

    public void Enqueue(Sequence sequence)
    {
        sequence.Number = _arrived++;
        _waiting.Add(sequence);
    }

    /// <summary>Takes a sequence out and frees its memory.</summary>
    public void Remove(Sequence sequence)
    {
        if (_running.Remove(sequence))
        {
            Stop(sequence);
            _waiting.End(sequence);
        }
        else
        {
            _waiting.Remove(sequence);
        }

        NoLongerWaitsForPrompt(sequence);
    }

    /// <summary>Fills the batch of the next step.</summary>
    public void Schedule(Batch batch)
    {
        batch.Clear();
        Scheduled.Clear();
        Sampled.Clear();
        while (TryAdmit())
        {
        }

        AddDecoding(batch);
        Decoding = batch.Rows;
        int prefill = batch.Capacity - batch.Rows;
        AddPrefill(batch, Decoding > 0 ? Math.Min(prefill, options.MaxPrefillTokensWhileDecoding) : prefill);
    }

    /// <summary>Keeps what the step has computed of the sequences that go on, once their tokens were chosen.</summary>
    public void Commit()
    {
        foreach (Sequence sequence in Scheduled)
        {
            int rows = sequence.Rows;
            sequence.Rows = 0;
            if (sequence.Memory is not { } memory)
                continue;

            memory.Commit(rows);
            if (sequence.Prompt is { } prompt && prompt.Leader == sequence && memory.Length == prompt.Length)
                Share(prompt, memory);
        }
    }

    private void AddDecoding(Batch batch)
    {
        for (int i = 0; i < _running.Count; i++)
        {
            Sequence sequence = _running[i];
            if (sequence.Pending == 1 && TryReserve(sequence))
                Add(batch, sequence, 1);
        }
    }

    private void AddPrefill(Batch batch, int budget)
    {
        Sequence? oldest = null;
        long shorter = 0;
        foreach (Sequence sequence in _running)
        {
            if (sequence.Rows > 0)
                continue;

            oldest ??= sequence;
            if (sequence.Ready < oldest.Ready)
                shorter += sequence.Ready;
        }

        if (oldest is null || budget == 0)
            return;

        budget -= Add(batch, oldest, (int)Math.Max((budget + 1) / 2, budget - shorter));
        while (budget > 0 && Shortest() is { } shortest)
            budget -= Add(batch, shortest, budget);
    }

    /// <summary>The sequence with the fewest tokens to compute of those that are not in the batch yet.</summary>
    private Sequence? Shortest()
    {
        Sequence? shortest = null;
        foreach (Sequence sequence in _running)
        {
            if (sequence.Rows == 0 && (shortest is null || sequence.Ready < shortest.Ready))
                shortest = sequence;
        }

        return shortest;
    }

    /// <summary>
    /// Makes sure of the block of the next position, at the cost of younger sequences; false if the sequence itself was the youngest and
    /// had to yield.
    /// </summary>
    private bool TryReserve(Sequence sequence)
    {
        while (sequence.Memory!.Missing(1) > pool.Blocks.Free)
        {
            if (TryForgetPrompt())
                continue;

            // Younger sequences come later in the list, so none of them is in the batch yet.
            Sequence youngest = _running[^1];
            Yield(youngest);
            if (youngest == sequence)
                return false;
        }

        sequence.Memory.Reserve(1);
        return true;
    }

    /// <summary>Adds the next tokens of a running sequence.</summary>
    private int Add(Batch batch, Sequence sequence, int limit)
    {
        SequenceMemory memory = sequence.Memory!;
        int tokens = Math.Min(sequence.Ready, limit);
        bool isLast = tokens == sequence.Pending;
        batch.Add(
            sequence.Tokens.Slice(memory.Length, tokens),
            memory.Length,
            memory.Blocks,
            scored: isLast ? 1 : 0,
            slot: memory.Slot,
            adapter: sequence.Adapter);
        sequence.Rows = tokens;
        Scheduled.Add(sequence);
        if (isLast)
            Sampled.Add(sequence);

        return tokens;
    }

    private bool TryAdmit()
    {
        if (_waiting.Next() is not { } sequence)
            return false;

        if (_running.Count == options.MaxSequences)
        {
            // Who has nothing running does not wait for the end of somebody else's many.
            if (_waiting.WhoMakesRoom(sequence) is not { } owner)
                return false;

            int youngest = _running.Count - 1;
            while (!_running[youngest].Owner.Equals(owner))
                youngest--;

            Yield(_running[youngest]);
        }

        // One block is left to each running sequence, or the newcomer would soon have to yield again.
        while (MissingBlocks(sequence) + _running.Count > pool.Blocks.Free)
        {
            if (_running.Count > 0 || !TryForgetPrompt())
                return false;
        }

        Begin(sequence);
        return true;
    }

    private void Begin(Sequence sequence)
    {
        _waiting.Begin(sequence);
        int place = _running.Count;
        while (place > 0 && _running[place - 1].Number > sequence.Number)
            place--;

        _running.Insert(place, sequence);
        sequence.Memory = new SequenceMemory(pool, sequence.MaxTokens);
        if (sequence.Prompt is { } prompt)
        {
            if (prompt.Memory is { } computed)
                sequence.Memory.Restore(computed);

            NoLongerWaitsForPrompt(sequence);
            if (prompt is { Memory: null, Waiting: > 0 })
                prompt.Leader = sequence;
        }

        sequence.Memory.Reserve(sequence.Pending);
    }

    private static int MissingBlocks(Sequence sequence) =>
        sequence.Prompt?.Memory is { } computed
            ? computed.Missing(sequence.Tokens.Length)
            : MemoryPool.BlocksFor(sequence.Tokens.Length);

    /// <summary>Takes a running sequence's memory; it is computed again later.</summary>
    private void Yield(Sequence sequence)
    {
        _running.Remove(sequence);
        Stop(sequence);
        _waiting.Add(sequence);
        _waiting.End(sequence);
        Preemptions++;
    }

    private static void Stop(Sequence sequence)
    {
        sequence.Memory!.Release();
        sequence.Memory = null;
        if (sequence.Prompt is { } prompt && prompt.Leader == sequence)
            prompt.Leader = null;
    }

    private void Share(SharedPrompt prompt, SequenceMemory memory)
    {
        prompt.Leader = null;
        if (prompt.Waiting == 0)
            return;

        prompt.Memory = memory.Snapshot();
        _prompts.Add(prompt);
    }

    private void NoLongerWaitsForPrompt(Sequence sequence)
    {
        if (sequence.HasBegun || sequence.Prompt is not { } prompt)
            return;

        sequence.HasBegun = true;
        if (--prompt.Waiting == 0 && prompt.Memory is not null)
            Forget(prompt);
    }

    /// <summary>Gives up a prompt that choices wait for, as its blocks are needed: one of them computes it again.</summary>
    private bool TryForgetPrompt()
    {
        if (_prompts.Count == 0)
            return false;

        Forget(_prompts[^1]);
        return true;
    }

    private void Forget(SharedPrompt prompt)
    {
        prompt.Memory!.Dispose();
        prompt.Memory = null;
        _prompts.Remove(prompt);
    }
}
