using System.Buffers.Binary;
using System.Text;

namespace QwenSharp.Formats.Tests;

/// <summary>
/// Mutations of valid files. A mutant either opens and all of it reads, or is refused with a <see cref="SafetensorsException"/>;
/// any other exception fails the test, and so does an allocation that the file's size does not justify.
/// </summary>
public class SafetensorsFuzzTests
{
    private static readonly byte[] Whole = SafetensorsTests.Sample();
    private static readonly int HeaderLength = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(Whole);

    private static readonly string[] Hostile =
    [
        "0", "-1", "1", "9223372036854775807", "18446744073709551616", "1e300", "0.5", "\"\"", "null", "true", "[]", "{}", "[[", "{{",
        "\"\\ud800\"", "\"F64\"", "\\", "\"", ",", ":", "\0", "\u00e9",
    ];

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

    [Fact]
    public void Every_length_cut()
    {
        for (int length = 0; length < Whole.Length; length++)
            Assert.Equal(1, Survives(Whole[..length]));
    }

    [Fact]
    public void Hostile_words_at_every_position_of_the_header()
    {
        int refused = 0;
        for (int position = 8; position < HeaderLength; position++)
        {
            foreach (string word in Hostile)
            {
                refused += Survives(
                    WithHeader([
                        .. Whole.AsSpan(8, position - 8),
                        .. Encoding.Latin1.GetBytes(word),
                        .. Whole.AsSpan(position, HeaderLength - position),
                    ]));
            }
        }

        Assert.InRange(refused, HeaderLength * Hostile.Length / 2, HeaderLength * Hostile.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_flips_cuts_and_splices(int seed)
    {
        Random random = new(seed);
        int refused = 0;
        for (int i = 0; i < 5_000; i++)
            refused += Survives(Mutate(random));

        Assert.InRange(refused, 500, 5_000);
    }

    [Fact]
    public void Mutants_on_disk_are_mapped_and_read_whole()
    {
        using TemporaryFolder folder = new();
        Random random = new(4);
        int opened = 0;
        for (int i = 0; i < 500; i++)
        {
            byte[] mutant = Mutate(random);
            string path = folder.Write($"{i}.safetensors", mutant);
            try
            {
                using SafetensorsFile file = SafetensorsFile.Open(path);
                Assert.All(file.Tensors, tensor => Assert.Equal(tensor.ByteLength, tensor.Bytes(0, (int)tensor.ByteLength).Length));
                opened++;
            }
            catch (SafetensorsException refused)
            {
                Assert.StartsWith(path, refused.Message);
            }

            File.Delete(path);
        }

        Assert.InRange(opened, 1, 499);
    }

    /// <summary>1 where the mutant is refused as it should be, 0 where it opens and all of it reads.</summary>
    private static int Survives(byte[] mutant)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        SafetensorsHeader header;
        try
        {
            header = SafetensorsHeader.Read("mutant", mutant, mutant.Length);
        }
        catch (SafetensorsException)
        {
            return 1;
        }
        finally
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 30 * mutant.Length + 100_000);
        }

        Assert.All(header.Tensors, tensor => Assert.InRange(tensor.Offset + tensor.ByteLength, tensor.ByteLength, mutant.Length));
        Assert.Equal(header.Tensors.Count, header.Tensors.Select(tensor => tensor.Name).Distinct().Count());
        return 0;
    }

    private static byte[] WithHeader(ReadOnlySpan<byte> header)
    {
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. Whole.AsSpan(HeaderLength)];
    }

    private static byte[] Mutate(Random random)
    {
        byte[] mutant = (byte[])Whole.Clone();
        for (int edits = random.Next(1, 4); edits > 0 && mutant.Length > 32; edits--)
        {
            int at = random.Next(Math.Min(mutant.Length, HeaderLength)),
                from = random.Next(mutant.Length),
                length = random.Next(Math.Min(64, mutant.Length - from));
            mutant = random.Next(5) switch
            {
                0 => [.. mutant[..at], (byte)random.Next(256), .. mutant[(at + 1)..]],
                1 => [.. mutant[..at], (byte)('0' + random.Next(10)), .. mutant[(at + 1)..]],
                2 => mutant[..random.Next(mutant.Length)],
                3 => [.. mutant[..at], .. mutant.AsSpan(from, length), .. mutant[at..]],
                _ => [.. mutant[..at], .. mutant[Math.Min(mutant.Length, at + length)..]],
            };
            if (random.Next(2) == 0 && mutant.Length > HeaderLength)
                BinaryPrimitives.WriteInt64LittleEndian(mutant, HeaderLength - 8 + mutant.Length - Whole.Length);
        }

        return mutant;
    }
}
