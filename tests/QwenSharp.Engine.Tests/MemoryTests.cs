using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Engine.Tests;

/// <summary>The memory of sequences: blocks with several holders, rows that are not kept, and sequences that part.</summary>
public class MemoryTests
{
    [Fact]
    public void A_block_is_free_when_the_last_holder_gives_it_back()
    {
        BlockPool pool = new(10);
        Dictionary<int, int> holders = [];
        Random random = new(1);
        for (int i = 0; i < 3000; i++)
        {
            int choice = random.Next(4);
            if (choice == 0 && pool.Free > 0)
            {
                int block = pool.Take();
                Assert.InRange(block, 0, 9);
                Assert.True(holders.TryAdd(block, 1));
            }
            else if (holders.Count > 0)
            {
                int block = holders.Keys.ElementAt(random.Next(holders.Count));
                if (choice == 1)
                {
                    pool.Share(block);
                    holders[block]++;
                }
                else
                {
                    pool.Return(block);
                    if (--holders[block] == 0)
                        holders.Remove(block);
                }
            }

            Assert.Equal(10 - holders.Count, pool.Free);
            Assert.All(holders, held => Assert.Equal(held.Value > 1, pool.IsShared(held.Key)));
        }

        foreach ((int block, int count) in holders)
        {
            for (int i = 0; i < count; i++)
                pool.Return(block);

            Assert.Throws<InvalidOperationException>(() => pool.Return(block));
            Assert.Throws<InvalidOperationException>(() => pool.Share(block));
        }

        Assert.Equal(10, pool.Free);
    }

    [Theory]
    [InlineData("qwen3", 64)]
    [InlineData("qwen3", 45)]
    [InlineData("qwen3", 3)]
    [InlineData("qwen35", 64)]
    [InlineData("qwen35", 45)]
    public void Sequences_that_part_share_what_they_have_in_common_and_do_not_disturb_each_other(string name, int common)
    {
        LanguageModel model = TinyModels.Create(name);
        int[] prompt = TinyModels.RandomTokens(common, model.Config.VocabularySize, 1);
        int[][] rest = [.. Enumerable.Range(2, 3).Select(seed => TinyModels.RandomTokens(40, model.Config.VocabularySize, seed))];
        float[][][] expected = [.. rest.Select(own =>
        {
            using ModelRunner runner = Runner(model);
            SequenceMemory memory = new(new MemoryPool(runner), 128);
            Step(runner, memory, prompt);
            return own.Select(token => Step(runner, memory, [token])).ToArray();
        })];

        using ModelRunner together = Runner(model);
        MemoryPool pool = new(together);
        SequenceMemory first = new(pool, 128);
        Step(together, first, prompt);
        MemorySnapshot snapshot = first.Snapshot();
        int taken = together.Blocks - pool.Blocks.Free;
        Assert.Equal(MemoryPool.BlocksFor(common), taken);

        SequenceMemory[] memories = [first, new(pool, 128), new(pool, 128)];
        foreach (SequenceMemory other in memories[1..])
        {
            // Nothing is taken by going on from there; the first step takes a block, to copy the last one or behind a full one.
            other.Restore(snapshot);
            Assert.Equal(common, other.Length);
            Assert.Equal(1, other.Missing(1));
            Assert.Equal(1, snapshot.Missing(common + 1));
        }

        Assert.Equal(taken, together.Blocks - pool.Blocks.Free);
        for (int i = 0; i < 40; i++)
        {
            for (int sequence = 0; sequence < 3; sequence++)
                Assert.Equal(expected[sequence][i], Step(together, memories[sequence], [rest[sequence][i]]));
        }

        snapshot.Dispose();
        foreach (SequenceMemory memory in memories)
            memory.Release();

        Assert.Equal(together.Blocks, pool.Blocks.Free);
    }

    [Fact]
    public void Rows_that_are_not_kept_leave_no_trace()
    {
        int[] tokens = TinyModels.RandomTokens(60, Requests.Model.Config.VocabularySize, 1);
        using ModelRunner plain = Runner(Requests.Model), guessing = Runner(Requests.Model);
        SequenceMemory expected = new(new MemoryPool(plain), 128), memory = new(new MemoryPool(guessing), 128);
        for (int done = 0; done < tokens.Length; done += 2)
        {
            // Five rows are computed, of which the last three are guesses that turn out wrong.
            float[] logits = Step(plain, expected, tokens.AsSpan(done, 2));
            memory.Reserve(5);
            guessing.Batch.Clear();
            guessing.Batch.Add([.. tokens[done..(done + 2)], 1, 2, 3], memory.Length, memory.Blocks, scored: 4, slot: memory.Slot);
            guessing.Forward();
            Assert.Equal(logits, guessing.Logits.Row(0).ToArray());
            memory.Commit(2);
            Assert.Equal(done + 2, memory.Length);
        }

        memory.RollBack(33);
        Assert.Equal(Step(plain, Replayed(plain, tokens[..33]), [7]), Step(guessing, memory, [7]));
    }

    [Fact]
    public void A_recurrent_state_keeps_a_whole_step_or_goes_back_to_a_snapshot()
    {
        LanguageModel model = TinyModels.Create("qwen35");
        int[] tokens = TinyModels.RandomTokens(20, model.Config.VocabularySize, 1);
        using ModelRunner runner = Runner(model), other = Runner(model);
        SequenceMemory memory = new(new MemoryPool(runner), 128);
        Step(runner, memory, tokens);
        MemorySnapshot snapshot = memory.Snapshot();
        memory.Reserve(3);
        runner.Batch.Clear();
        runner.Batch.Add([1, 2, 3], memory.Length, memory.Blocks, scored: 3, slot: memory.Slot);
        runner.Forward();
        Assert.Throws<InvalidOperationException>(() => memory.Commit(1));
        Assert.Throws<InvalidOperationException>(() => memory.RollBack(19));

        memory.Restore(snapshot);
        snapshot.Dispose();
        Assert.Equal(Step(other, Replayed(other, tokens), [1]), Step(runner, memory, [1]));
    }

    private static ModelRunner Runner(LanguageModel model) =>
        new(model, new RunnerOptions { Threads = 1, Rows = 64, LogitRows = 8, Sequences = 3, Blocks = 16 });

    private static SequenceMemory Replayed(ModelRunner runner, int[] tokens)
    {
        SequenceMemory memory = new(new MemoryPool(runner), 128);
        Step(runner, memory, tokens);
        return memory;
    }

    private static float[] Step(ModelRunner runner, SequenceMemory memory, ReadOnlySpan<int> tokens)
    {
        memory.Reserve(tokens.Length);
        runner.Batch.Clear();
        runner.Batch.Add(tokens, memory.Length, memory.Blocks, scored: 1, slot: memory.Slot);
        runner.Forward();
        memory.Commit(tokens.Length);
        return runner.Logits.Row(0).ToArray();
    }
}
