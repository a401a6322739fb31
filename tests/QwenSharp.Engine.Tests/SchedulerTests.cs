using QwenSharp.Models;

namespace QwenSharp.Engine.Tests;

/// <summary>The order in which sequences are served, step by step: an engine's clients see it only through threads of their own.</summary>
public class SchedulerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(6)]
    public void First_come_is_first_served(int maxSequences)
    {
        Scheduler scheduler = new(new EngineOptions { MaxSequences = maxSequences, MaxBatchTokens = 32 }, blocks: 64);
        List<Sequence> sequences = [];
        for (int client = 0; client < 6; client++)
        {
            // The later, the shorter: whatever favours short prompts would turn the order around.
            Sequence sequence = new(Requests.Greedy(60 - (10 * client), client, 3), 3, CancellationToken.None);
            sequences.Add(sequence);
            scheduler.Enqueue(sequence);
        }

        Assert.Equal(sequences, FirstSampled(scheduler, maxSequences));
    }

    [Fact]
    public void A_newcomer_waits_behind_those_that_came_before_and_found_no_room()
    {
        Scheduler scheduler = new(new EngineOptions { MaxSequences = 1, MaxBatchTokens = 32 }, blocks: 64);
        Sequence[] sequences = [.. Enumerable.Range(0, 3).Select(i => new Sequence(Requests.Greedy(40, i, 3), 3, CancellationToken.None))];
        scheduler.Enqueue(sequences[0]);
        scheduler.Enqueue(sequences[1]);
        scheduler.Schedule(new Batch(32, 1));
        scheduler.Enqueue(sequences[2]);

        scheduler.Remove(sequences[0]);
        Assert.Equal(sequences[1..], FirstSampled(scheduler, 1));
    }

    /// <summary>Takes steps until all is done, and says in which order sequences were sampled first.</summary>
    private static List<Sequence> FirstSampled(Scheduler scheduler, int maxSequences)
    {
        Batch batch = new(32, maxSequences);
        List<Sequence> order = [];
        for (int step = 0; scheduler.HasWork; step++)
        {
            Assert.True(step < 1000);
            scheduler.Schedule(batch);
            foreach (Sequence sequence in scheduler.Sampled)
            {
                if (!order.Contains(sequence))
                    order.Add(sequence);
                if (sequence.Append(1) is not null)
                    scheduler.Remove(sequence);
            }
        }

        return order;
    }
}
