using QwenSharp.Models;

namespace QwenSharp.Engine.Tests;

/// <summary>The order in which sequences are served, step by step: an engine's clients see it only through threads of their own.</summary>
public sealed class SchedulerTests : IDisposable
{
    private readonly List<ModelRunner> _runners = [];

    public void Dispose() => _runners.ForEach(runner => runner.Dispose());

    [Fact]
    public void Where_one_runs_at_a_time_the_first_to_come_is_the_first_served()
    {
        (Scheduler scheduler, ModelRunner runner) = Create(maxSequences: 1);
        Sequence[] sequences = [.. Enumerable.Range(0, 6).Select(i => Sequence(60 - (10 * i)))];
        scheduler.Enqueue(sequences[0]);
        scheduler.Enqueue(sequences[1]);
        Step(scheduler, runner);
        foreach (Sequence later in sequences[2..])
            scheduler.Enqueue(later);

        Assert.Equal(sequences, FirstSampled(scheduler, runner));
    }

    [Fact]
    public void Equal_prompts_are_computed_in_the_order_of_their_arrival()
    {
        (Scheduler scheduler, ModelRunner runner) = Create(maxSequences: 6);
        Sequence[] sequences = [.. Enumerable.Range(0, 6).Select(_ => Sequence(50))];
        foreach (Sequence sequence in sequences)
            scheduler.Enqueue(sequence);

        Assert.Equal(sequences, FirstSampled(scheduler, runner));
    }

    [Fact]
    public void A_short_prompt_does_not_wait_behind_long_ones_and_the_oldest_goes_on()
    {
        (Scheduler scheduler, ModelRunner runner) = Create(maxSequences: 6);
        Sequence[] longs = [.. Enumerable.Range(0, 3).Select(_ => Sequence(200))];
        foreach (Sequence sequence in longs)
            scheduler.Enqueue(sequence);

        Step(scheduler, runner);
        Sequence shorter = Sequence(10);
        scheduler.Enqueue(shorter);
        int before = longs[0].Pending;
        Step(scheduler, runner);
        Assert.Equal([shorter], scheduler.Sampled);
        Assert.Equal(22, before - longs[0].Pending);
        Assert.Equal([shorter, .. longs], FirstSampled(scheduler, runner, [shorter]));
    }

    [Fact]
    public void Whoever_asks_for_many_sequences_does_not_make_others_wait()
    {
        (Scheduler scheduler, ModelRunner runner) = Create(maxSequences: 4);
        object greedy = new(), other = new();
        Sequence[] many = [.. Enumerable.Range(0, 100).Select(_ => Sequence(5, maxTokens: 200, greedy))];
        foreach (Sequence sequence in many)
            scheduler.Enqueue(sequence);

        for (int step = 0; step < 5; step++)
            Step(scheduler, runner);

        Assert.Equal(4, scheduler.Running);
        Sequence newcomer = Sequence(5, maxTokens: 3), second = Sequence(5, maxTokens: 3, other), third = Sequence(5, maxTokens: 3, other);
        scheduler.Enqueue(newcomer);
        scheduler.Enqueue(second);
        scheduler.Enqueue(third);
        Step(scheduler, runner);

        // The youngest of the many made room; whoever has one running waits for a turn.
        Assert.Contains(newcomer, scheduler.Sampled);
        Assert.Contains(second, scheduler.Sampled);
        Assert.DoesNotContain(third, scheduler.Sampled);
        Assert.Equal(2, scheduler.Preemptions);
        Assert.Equal([many[0], many[1]], scheduler.Sampled.Except([newcomer, second]));

        while (scheduler.HasWork)
            Step(scheduler, runner);

        Assert.All(many, sequence => Assert.Equal(205, sequence.Tokens.Length));
        Assert.Equal(runner.Blocks, scheduler.FreeBlocks);
    }

    [Fact]
    public void Sequences_of_their_own_owners_do_not_make_room_for_each_other()
    {
        (Scheduler scheduler, ModelRunner runner) = Create(maxSequences: 2);
        Sequence[] sequences = [.. Enumerable.Range(0, 4).Select(_ => Sequence(5, maxTokens: 20))];
        foreach (Sequence sequence in sequences)
            scheduler.Enqueue(sequence);

        Assert.Equal(sequences, FirstSampled(scheduler, runner));
        Assert.Equal(0, scheduler.Preemptions);
    }

    [Fact]
    public void Classes_of_priority_begin_in_shares_the_highest_first_and_none_starves()
    {
        (Scheduler scheduler, ModelRunner runner) = Create(maxSequences: 1);
        scheduler.Enqueue(Sequence(5));
        Step(scheduler, runner);
        List<Sequence> begun = [scheduler.First!];
        for (int i = 0; i < 14; i++)
        {
            scheduler.Enqueue(Sequence(5, priority: 1));
            scheduler.Enqueue(Sequence(5));
            scheduler.Enqueue(Sequence(5, priority: -1));
        }

        List<int> order = [.. FirstSampled(scheduler, runner, begun).Select(sequence => sequence.Priority)];
        Assert.Equal((0, -1), (order[0], order[1]));
        Assert.Equal((8, 4, 2), Counts(order[..14]));
        Assert.Equal((14, 15, 14), Counts(order));

        static (int High, int Normal, int Low) Counts(List<int> order) =>
            (order.Count(priority => priority < 0), order.Count(priority => priority == 0), order.Count(priority => priority > 0));
    }

    [Fact]
    public void Sequences_of_one_owner_go_by_their_priority_and_then_by_their_arrival()
    {
        (Scheduler scheduler, ModelRunner runner) = Create(maxSequences: 1);
        object owner = new();
        Sequence[] sequences = [.. new[] { 1, 7, 3, 3 }.Select(priority => Sequence(5, owner: owner, priority: priority))];
        foreach (Sequence sequence in sequences)
            scheduler.Enqueue(sequence);

        Assert.Equal([sequences[0], sequences[2], sequences[3], sequences[1]], FirstSampled(scheduler, runner));
    }

    [Fact]
    public void A_lower_class_makes_room_while_it_has_more_than_its_share()
    {
        (Scheduler scheduler, ModelRunner runner) = Create(maxSequences: 6);
        object background = new();
        Sequence[] low = [.. Enumerable.Range(0, 20).Select(_ => Sequence(5, maxTokens: 100, background, priority: 1))];
        foreach (Sequence sequence in low)
            scheduler.Enqueue(sequence);

        Step(scheduler, runner);
        Sequence[] usual = [.. Enumerable.Range(0, 20).Select(_ => Sequence(5, maxTokens: 100))];
        foreach (Sequence sequence in usual)
            scheduler.Enqueue(sequence);

        // Two of three places go to the higher class at once, and the rest stay with those that had begun.
        Step(scheduler, runner);
        Assert.Equal([low[0], low[1]], scheduler.Scheduled.Where(sequence => sequence.Priority > 0));
        Assert.Equal(4, scheduler.Scheduled.Count(sequence => sequence.Priority == 0));
        Assert.Equal(4, scheduler.Preemptions);

        while (scheduler.HasWork)
            Step(scheduler, runner);

        Assert.All([.. low, .. usual], sequence => Assert.Equal(105, sequence.Tokens.Length));
        Assert.Equal(4, scheduler.Preemptions);
        Assert.Equal(runner.Blocks, scheduler.FreeBlocks);
    }

    [Fact]
    public void Prompts_of_a_lower_class_do_not_hold_up_those_of_a_higher_and_are_computed_beside_them()
    {
        (Scheduler scheduler, ModelRunner runner) = Create(maxSequences: 6);
        Sequence[] low = [.. Enumerable.Range(0, 4).Select(i => Sequence(120 + i, priority: 1))];
        foreach (Sequence sequence in low)
            scheduler.Enqueue(sequence);

        Step(scheduler, runner);
        Sequence high = Sequence(200, priority: -1);
        scheduler.Enqueue(high);
        int left = low.Sum(sequence => sequence.Pending);
        int steps = 0;
        for (; !scheduler.Sampled.Contains(high); steps++)
            Step(scheduler, runner);

        // Four of five tokens are its own, 32 a step.
        Assert.InRange(steps, 7, 9);
        Assert.InRange(left - low.Sum(sequence => sequence.Pending), 16, 64);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Where_a_choice_leaves_while_the_prompt_is_computed_the_others_go_on(int left)
    {
        (Scheduler scheduler, ModelRunner runner) = Create(maxSequences: 3);
        SharedPrompt prompt = new(100, choices: 3);
        Sequence[] choices = [.. Enumerable.Range(0, 3).Select(_ => Sequence(100, prompt: prompt))];
        foreach (Sequence choice in choices)
            scheduler.Enqueue(choice);

        Step(scheduler, runner);
        Assert.Equal(1, scheduler.Running);
        Assert.Same(choices[0], prompt.Leader);
        scheduler.Remove(choices[left]);

        // The prompt is computed once from here on, all but the last token, and then by each choice for itself.
        Sequence[] others = [.. choices.Except([choices[left]])];
        int rows = 0;
        while (scheduler.HasWork)
        {
            Step(scheduler, runner);
            rows += runner.Batch.Rows;
            Assert.True(rows < 1000);
        }

        Assert.All(others, sequence => Assert.Equal(103, sequence.Tokens.Length));
        Assert.Equal((left == 0 ? 99 : 99 - 32) + (2 * 3), rows);
        Assert.Null(prompt.Memory);
        Assert.Equal(runner.Blocks, scheduler.FreeBlocks);
    }

    private static Sequence Sequence(
        int promptLength, int maxTokens = 3, object? owner = null, SharedPrompt? prompt = null, int priority = 0)
    {
        GenerationRequest request = Requests.Greedy(promptLength, promptLength, maxTokens) with { Priority = priority };
        return new Sequence(request, maxTokens, CancellationToken.None, prompt, owner);
    }

    private (Scheduler Scheduler, ModelRunner Runner) Create(int maxSequences)
    {
        ModelRunner runner = new(Requests.Model, new RunnerOptions { Threads = 1, Rows = 32, Sequences = maxSequences, Blocks = 64 });
        _runners.Add(runner);
        EngineOptions options = new() { MaxSequences = maxSequences, MaxBatchTokens = 32 };
        return (new Scheduler(options, new MemoryPool(runner)), runner);
    }

    /// <summary>A step of an engine whose model always chooses the same token.</summary>
    private static void Step(Scheduler scheduler, ModelRunner runner)
    {
        scheduler.Schedule(runner.Batch);
        Assert.NotEmpty(scheduler.Scheduled);
        foreach (Sequence sequence in scheduler.Sampled)
        {
            if (sequence.Append(1) is not null)
                scheduler.Remove(sequence);
        }

        scheduler.Commit();
    }

    /// <summary>Takes steps until all is done, and says in which order sequences were sampled first.</summary>
    private static List<Sequence> FirstSampled(Scheduler scheduler, ModelRunner runner, List<Sequence>? sampled = null)
    {
        List<Sequence> order = sampled ?? [];
        for (int step = 0; scheduler.HasWork; step++)
        {
            Assert.True(step < 1000);
            Step(scheduler, runner);
            foreach (Sequence sequence in scheduler.Sampled)
            {
                if (!order.Contains(sequence))
                    order.Add(sequence);
            }
        }

        return order;
    }
}
