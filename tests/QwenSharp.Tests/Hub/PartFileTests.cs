using QwenSharp.Hub;

namespace QwenSharp.Tests.Hub;

/// <summary>The file in the making and its journal.</summary>
public sealed class PartFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Target => _folder["blob"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Whatever_the_order_of_pieces_and_interruptions_the_file_is_right()
    {
        Random random = new(3);
        for (int round = 0; round < 60; round++)
        {
            byte[] content = LocalHub.Content(random.Next(0, 3000), round);
            long rangeSize = random.Next(1, 900), markSize = random.Next(1, 300);
            PartFile part = PartFile.Open(Target, content.Length, "x", rangeSize, markSize);
            for (int step = 0; part.Done < content.Length; step++)
            {
                Assert.True(step < 100_000, "The file never gets finished.");
                int range = random.Next(part.Ranges);
                int count = (int)Math.Min(part.Remaining(range), random.Next(0, 400));
                part.Append(range, content.AsSpan((int)part.Position(range), count));
                if (random.Next(10) == 0)
                {
                    // The process dies here: what was not marked is forgotten. The next one may cut ranges differently.
                    part.Dispose();
                    part = PartFile.Open(Target, content.Length, "x", rangeSize + random.Next(5), markSize);
                }
            }

            part.Finish();
            Assert.Equal(content, File.ReadAllBytes(Target));
            Assert.Equal([Target], Directory.GetFiles(_folder["."]).Select(Path.GetFullPath));
        }
    }

    [Fact]
    public void Only_what_is_marked_counts_after_a_break()
    {
        using (PartFile part = PartFile.Open(Target, 1000, "x", 500, 100))
        {
            part.Append(0, new byte[99]);
            part.Append(1, new byte[250]);
            part.Append(1, new byte[60]);
        }

        using PartFile again = PartFile.Open(Target, 1000, "x", 500, 100);

        Assert.Equal((0L, 750L), (again.Position(0), again.Position(1)));
    }

    [Theory]
    [InlineData("other", 1000)]
    [InlineData("x", 999)]
    public void A_part_of_other_content_is_thrown_away(string identity, long length)
    {
        using (PartFile part = PartFile.Open(Target, 1000, "x", 500, 1))
            part.Append(1, new byte[500]);

        using PartFile other = PartFile.Open(Target, length, identity, 500, 1);

        Assert.Equal((0L, 0L), (other.Done, PartFile.BytesAt(Target)));
    }

    [Fact]
    public void Marks_without_their_bytes_do_not_count()
    {
        using (PartFile part = PartFile.Open(Target, 1000, "x", 500, 1))
            part.Append(1, new byte[500]);

        File.WriteAllBytes(PartFile.PathOf(Target), new byte[700]);

        using PartFile again = PartFile.Open(Target, 1000, "x", 500, 1);
        Assert.Equal(0, again.Done);
    }

    [Fact]
    public void A_damaged_journal_never_leads_outside_the_file()
    {
        using (PartFile part = PartFile.Open(Target, 1000, "x", 300, 1))
            part.Append(2, new byte[300]);

        byte[] valid = File.ReadAllBytes(PartFile.JournalOf(Target));
        Random random = new(11);
        for (int round = 0; round < 2000; round++)
        {
            byte[] damaged = valid[..(round % 3 == 0 ? random.Next(valid.Length + 1) : valid.Length)];
            for (int change = random.Next(1, 6); change > 0 && damaged.Length > 0; change--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);

            File.WriteAllBytes(PartFile.JournalOf(Target), damaged);
            File.WriteAllBytes(PartFile.PathOf(Target), new byte[1000]);
            using PartFile part = PartFile.Open(Target, 1000, "x", 300, 1);

            Assert.InRange(part.Done, 0, 1000);
            Assert.All(Enumerable.Range(0, part.Ranges), range =>
            {
                Assert.InRange(part.Remaining(range), 0, 1000);
                Assert.InRange(part.Position(range), 0, 1000);
            });
        }
    }
}
