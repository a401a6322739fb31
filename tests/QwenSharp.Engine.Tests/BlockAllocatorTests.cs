namespace QwenSharp.Engine.Tests;

public class BlockAllocatorTests
{
    [Fact]
    public void A_block_has_one_owner_at_a_time()
    {
        BlockAllocator allocator = new(10);
        HashSet<int> held = [];
        Random random = new(1);
        for (int i = 0; i < 1000; i++)
        {
            if (allocator.Free > 0 && random.Next(2) == 0)
            {
                int block = allocator.Take();
                Assert.InRange(block, 0, 9);
                Assert.True(held.Add(block));
            }
            else if (held.Count > 0)
            {
                int block = held.ElementAt(random.Next(held.Count));
                held.Remove(block);
                allocator.Return(block);
            }

            Assert.Equal(10 - held.Count, allocator.Free);
        }
    }
}
