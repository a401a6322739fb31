using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>
/// Decides what each step computes. Every decoding sequence gets its next token; prefill gets the rest of the step, cut into chunks: the
/// oldest prompt's, of which shorter ones that came later take up to half, so that they do not wait behind the long ones. Where prompts are
/// of several classes of priority, these take turns.
/// Sequences are admitted by turns of their classes and owners, once the KV cache has room for all their tokens. A decoding sequence that
/// finds no free block takes those of the youngest, which is computed again later: the oldest always goes on, so all end.
/// </summary>
internal sealed class Scheduler(EngineOptions options, MemoryPool pool)
{
    // In the order of arrival.
    private readonly List<Sequence> _running = new(options.MaxSequences);
    private readonly WaitingRoom _waiting = new();
    private readonly ClassTurns _prefillTurns = new();
    private readonly PrefixMatch _match = new();
    private readonly PromptHistory _history = new();

    // One a class, while prefill is shared out.
    private readonly Sequence?[] _oldest = new Sequence?[ClassTurns.Classes];

    // Those whose memory is kept.
    private readonly List<SharedPrompt> _prompts = [];
    private long _arrived;

    public int Waiting => _waiting.Count;

    public int Running => _running.Count;

    public int FreeBlocks => pool.Blocks.Free;

    /// <summary>Free blocks from which a prompt may go on.</summary>
    public int IdleBlocks => pool.Blocks.Idle;

    /// <summary>Tokens of prompts that were not computed, as they had been before.</summary>
    public long ReusedTokens { get; private set; }

    /// <summary>How much prefill a step takes beside sequences that decode.</summary>
    public PrefillPace Pace { get; } = new(options.MaxPrefillTokensWhileDecoding);

    public bool HasWork => _running.Count + _waiting.Count > 0;

    public long Preemptions { get; private set; }

    /// <summary>Rows of the last scheduled batch that belong to sequences that decode.</summary>
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
        AddPrefill(batch, Decoding > 0 ? Math.Min(prefill, Pace.Tokens(Decoding)) : prefill);
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
            memory.KeepPrefix(sequence.Tokens);
            if (sequence.Stops.AsSpan().BinarySearch(memory.Length) >= 0)
                memory.KeepState();
            if (sequence.Prompt is { } prompt && prompt.Leader == sequence && memory.Length == prompt.Length)
                Share(prompt, memory);
            if (sequence.IsFinished)
                Remove(sequence);
        }
    }

    private void AddDecoding(Batch batch)
    {
        // Each has a row; what is left is for tokens that were forced.
        int spare = batch.Capacity;
        foreach (Sequence sequence in _running)
            spare -= sequence.IsDecoding ? 1 : 0;

        for (int i = 0; i < _running.Count; i++)
        {
            Sequence sequence = _running[i];
            if (!sequence.IsDecoding)
                continue;

            int rows = 1 + Math.Min(sequence.Pending - 1, spare);
            if (TryReserve(sequence, rows))
                spare -= Add(batch, sequence, rows) - 1;
        }
    }

    private void AddPrefill(Batch batch, int budget)
    {
        // The oldest prompt of each class.
        _oldest.AsSpan().Clear();
        int asking = 0;
        foreach (Sequence sequence in _running)
        {
            if (sequence.Rows > 0)
                continue;

            GoOnFromOthers(sequence);
            _oldest[sequence.Rank] ??= sequence;
            asking |= 1 << sequence.Rank;
        }

        if (asking == 0 || budget == 0)
            return;

        int turn = _prefillTurns.Of(asking);
        Sequence oldest = _oldest[turn]!;
        long shorter = 0;
        foreach (Sequence sequence in _running)
        {
            if (sequence.Rows == 0 && sequence.Rank <= turn && sequence.Ready < oldest.Ready)
                shorter += sequence.Ready;
        }

        budget -= Prefill(batch, oldest, (int)Math.Max((budget + 1) / 2, budget - shorter));
        while (budget > 0 && Shortest(turn) is { } shortest)
            budget -= Prefill(batch, shortest, budget);
    }

    private int Prefill(Batch batch, Sequence sequence, int limit)
    {
        int rows = Add(batch, sequence, limit);
        _prefillTurns.Take(sequence.Rank, rows);
        return rows;
    }

    /// <summary>
    /// The sequence with the fewest tokens to compute of those that are not in the batch yet; those of a lower class come last.
    /// </summary>
    private Sequence? Shortest(int turn)
    {
        Sequence? shortest = null;
        foreach (Sequence sequence in _running)
        {
            if (sequence.Rows == 0 && (shortest is null || Order(sequence).CompareTo(Order(shortest)) < 0))
                shortest = sequence;
        }

        return shortest;

        (bool, int) Order(Sequence sequence) => (sequence.Rank > turn, sequence.Ready);
    }

    /// <summary>
    /// Makes sure of the blocks of the next positions, at the cost of younger sequences; false if the sequence itself was the youngest and
    /// had to yield.
    /// </summary>
    private bool TryReserve(Sequence sequence, int rows)
    {
        while (sequence.Memory!.Missing(rows) > pool.Blocks.Free)
        {
            if (TryForgetPrompt())
                continue;

            // Younger sequences come later in the list, so none of them is in the batch yet.
            Sequence youngest = _running[^1];
            Yield(youngest);
            if (youngest == sequence)
                return false;
        }

        sequence.Memory.Reserve(rows);
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
            // Who has less than a fair share does not wait for the end of somebody else's many.
            if (_waiting.WhoMakesRoom() is not (var newcomer, var rank, { } owner))
                return false;

            int youngest = _running.Count - 1;
            while (_running[youngest].Rank != rank || !_running[youngest].Owner.Equals(owner))
                youngest--;

            // To make room in vain would be repeated at every step.
            if (MissingBlocks(newcomer) + _running.Count - 1 > pool.Blocks.Free + _running[youngest].Memory!.Held)
                return false;

            Yield(_running[youngest]);
            sequence = newcomer;
        }

        // One block is left to each running sequence, or the newcomer would soon have to yield again.
        while (MissingBlocks(sequence) + _running.Count > pool.Blocks.Free)
        {
            if (_running.Count > 0)
                return false;

            // All of the cache is the newcomer's, were it not for what others left.
            if (!TryForgetPrompt())
            {
                Begin(sequence, goesOn: false);
                return true;
            }
        }

        Begin(sequence, goesOn: true);
        return true;
    }

    private void Begin(Sequence sequence, bool goesOn)
    {
        _waiting.Begin(sequence);
        int place = _running.Count;
        while (place > 0 && _running[place - 1].Number > sequence.Number)
            place--;

        _running.Insert(place, sequence);
        SequenceMemory memory = sequence.Memory = new SequenceMemory(pool, sequence.MaxTokens, sequence.Adapter);
        bool isNew = !sequence.HasBegun;
        if (sequence.Prompt?.Memory is { } computed)
            memory.Restore(computed);
        else if (goesOn && memory.Find(sequence.Tokens, _match))
            memory.Adopt(_match);

        if (isNew)
        {
            ReusedTokens += memory.Length;
            sequence.Reuse = _history.Explain(sequence.Adapter, sequence.Tokens, memory.Length, _match.Attended);
        }

        if (sequence.Prompt is { } prompt)
        {
            NoLongerWaitsForPrompt(sequence);
            if (prompt is { Memory: null, Waiting: > 0 })
            {
                prompt.Leader = sequence;
                if (memory.Length == prompt.Length)
                    Share(prompt, memory);
            }
        }

        sequence.HasBegun = true;
        memory.Reserve(sequence.Pending);
    }

    /// <summary>Takes over what another sequence has computed of the same prompt since this one began.</summary>
    private void GoOnFromOthers(Sequence sequence)
    {
        SequenceMemory memory = sequence.Memory!;
        int before = memory.Length;
        if (sequence.Prompt is { Leader: not null } || !memory.Find(sequence.Tokens, _match))
            return;

        memory.Adopt(_match);
        memory.Reserve(sequence.Pending);
        ReusedTokens += memory.Length - before;
        if (sequence.Reuse is { } reuse)
            sequence.Reuse = reuse with { Tokens = reuse.Tokens + memory.Length - before };
    }

    private int MissingBlocks(Sequence sequence)
    {
        int all = MemoryPool.BlocksFor(sequence.Tokens.Length);
        if (sequence.Prompt?.Memory is { } computed)
            return computed.Missing(sequence.Tokens.Length);
        if (pool.Prefixes is not { } prefixes)
            return all;

        prefixes.Find(prefixes.RootOf(sequence.Adapter), sequence.Tokens, sequence.Tokens.Length - 1, _match);
        for (int i = 0; i < _match.Blocks.Count; i++)
        {
            // A block that others hold costs nothing, unless it is to be copied; one that is free is no longer, and neither is its copy.
            bool isCopied = (i + 1) * KvStore.BlockTokens > _match.Length;
            if (pool.Blocks.IsHeld(_match.Blocks[i]) != isCopied)
                all += isCopied ? 1 : -1;
        }

        return all;
    }

    /// <summary>Takes a running sequence's memory; it is computed again later.</summary>
    private void Yield(Sequence sequence)
    {
        _running.Remove(sequence);
        Stop(sequence);
        _waiting.Add(sequence);
        _waiting.End(sequence);
        Preemptions++;
    }

    private void Stop(Sequence sequence)
    {
        // What a step that failed was to compute is not there.
        sequence.Memory!.Release(sequence.Tokens);
        if (pool.Prefixes is not null)
            _history.Add(sequence.Adapter, sequence.Tokens);

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
