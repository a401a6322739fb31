using System.Buffers.Binary;

namespace QwenSharp.Formats.Tests;

/// <summary>
/// Mutations of valid files. A mutant either opens and all of it reads, or is refused with a <see cref="GgufException"/>;
/// any other exception fails the test, and so does an allocation that the file's size does not justify.
/// </summary>
public class GgufFuzzTests
{
    private static readonly ulong[] HostileNumbers =
    [
        0,
        1,
        2,
        0x7F,
        0x80,
        0xFF,
        0xFFFF,
        0x7FFFFFFF,
        0x80000000,
        0xFFFFFFFF,
        1ul << 32,
        1ul << 60,
        long.MaxValue,
        1ul << 63,
        ulong.MaxValue - 31,
        ulong.MaxValue,
    ];

    private static readonly byte[] Whole = Sample.Bytes();

    // Padding and weights follow; no value of theirs is wrong.
    private static readonly int HeaderLength = Whole.AsSpan().LastIndexOf("blk.0.one"u8) + 9 + 4 + 8 + 4 + 8;

    [Fact]
    public void Hostile_numbers_at_every_position_of_the_header()
    {
        int refused = 0;
        for (int position = 0; position < HeaderLength; position++)
        {
            foreach (ulong number in HostileNumbers)
            {
                byte[] wide = (byte[])Whole.Clone();
                BinaryPrimitives.WriteUInt64LittleEndian(wide.AsSpan(position), number);
                byte[] narrow = (byte[])Whole.Clone();
                BinaryPrimitives.WriteUInt32LittleEndian(narrow.AsSpan(position), (uint)number);
                refused += Survives(wide) + Survives(narrow);
            }
        }

        Assert.InRange(refused, HeaderLength, 2 * HostileNumbers.Length * HeaderLength);
    }

    [Fact]
    public void Every_bit_of_the_header_flipped()
    {
        int refused = 0;
        for (int bit = 0; bit < 8 * HeaderLength; bit++)
        {
            byte[] mutant = (byte[])Whole.Clone();
            mutant[bit / 8] ^= (byte)(1 << (bit % 8));
            refused += Survives(mutant);
        }

        Assert.InRange(refused, HeaderLength, 8 * HeaderLength);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_flips_cuts_and_splices(int seed)
    {
        Random random = new(seed);
        int refused = 0;
        for (int i = 0; i < 10_000; i++)
            refused += Survives(Mutate(random));

        Assert.InRange(refused, 1_000, 10_000);
    }

    [Fact]
    public void Mutants_on_disk_are_mapped_and_read_whole()
    {
        using TemporaryFolder folder = new();
        Random random = new(5);
        int opened = 0;
        for (int i = 0; i < 1_500; i++)
        {
            byte[] mutant = Mutate(random);
            string path = folder.Write($"{i}.gguf", mutant);
            try
            {
                using GgufFile file = GgufFile.Open(path);
                Every.Value(file);
                opened++;
            }
            catch (GgufException refused)
            {
                Assert.StartsWith(path, refused.Message);
            }

            File.Delete(path);
        }

        Assert.InRange(opened, 1, 1_499);
    }

    /// <summary>1 where the mutant is refused as it should be, 0 where it opens and all of it reads.</summary>
    private static int Survives(byte[] mutant)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        GgufHeader header;
        try
        {
            header = GgufHeader.Read("mutant", mutant, mutant.Length);
        }
        catch (GgufException)
        {
            return 1;
        }
        finally
        {
            // Entries, names and tensors cost a few times their bytes; a count that was believed would cost far more.
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 30 * mutant.Length + 100_000);
        }

        foreach (GgufValue value in header.Metadata.Values)
            Every.Value(value);

        Assert.All(header.Tensors, tensor => Assert.InRange(tensor.Offset + tensor.ByteLength, tensor.ByteLength, mutant.Length));
        return 0;
    }

    private static byte[] Mutate(Random random)
    {
        byte[] mutant = (byte[])Whole.Clone();
        for (int edits = random.Next(1, 4); edits > 0; edits--)
            mutant = Edit(mutant, random);

        return mutant;
    }

    private static byte[] Edit(byte[] file, Random random)
    {
        if (file.Length < 32)
            return file;

        int at = random.Next(Math.Min(file.Length, HeaderLength) - 8);
        int from = random.Next(file.Length);
        int length = random.Next(Math.Min(64, file.Length - from));
        switch (random.Next(7))
        {
            case 0:
                file[at] ^= (byte)(1 << random.Next(8));
                return file;
            case 1:
                file[at] = (byte)random.Next(256);
                return file;
            case 2:
                BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), HostileNumbers[random.Next(HostileNumbers.Length)]);
                return file;
            case 3:
                BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), (ulong)random.Next(file.Length));
                return file;
            case 4:
                return file[..random.Next(file.Length)];
            case 5:
                return [.. file[..at], .. file.AsSpan(from, length), .. file[at..]];
            default:
                return [.. file[..at], .. file[Math.Min(file.Length, at + random.Next(64))..]];
        }
    }
}
