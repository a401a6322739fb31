using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace QwenSharp.Checkpoints;

/// <summary>
/// llama.cpp's importance matrices from before GGUF: a count of entries, then for each its name, the number of calls and means × calls;
/// after them the number of calls and the name of the text. All integers have 32 bits, texts carry their length.
/// </summary>
internal static class LegacyImportanceMatrix
{
    private const int MaxNameLength = 4096;

    /// <exception cref="InvalidDataException">The file is no such matrix.</exception>
    public static ImportanceMatrix Read(string path)
    {
        ReadOnlySpan<byte> rest = File.ReadAllBytes(path);
        int entries = Integer(path, ref rest);
        List<(string Name, float[] Sums, int Calls)> read = [];
        for (int i = 0; i < entries; i++)
        {
            string name = Encoding.UTF8.GetString(Take(path, ref rest, Length(path, ref rest, MaxNameLength)));
            int calls = Integer(path, ref rest), values = Length(path, ref rest, int.MaxValue / sizeof(float));
            read.Add((name, MemoryMarshal.Cast<byte, float>(Take(path, ref rest, values * sizeof(float))).ToArray(), Math.Max(calls, 1)));
        }

        if (read.Count == 0)
            throw Wrong(path);

        // What follows may be missing.
        int chunks = rest.IsEmpty ? 0 : Integer(path, ref rest);
        string[] dataset = rest.IsEmpty ? [] : [Encoding.UTF8.GetString(Take(path, ref rest, Length(path, ref rest, MaxNameLength)))];
        ImportanceMatrix matrix = new() { Datasets = dataset, ChunkCount = chunks };
        foreach ((string name, float[] sums, int calls) in read)
            matrix.AddRead(path, name, sums, [calls]);

        return matrix;
    }

    private static int Length(string path, ref ReadOnlySpan<byte> rest, int limit)
    {
        int length = Integer(path, ref rest);
        return length >= 0 && length <= limit ? length : throw Wrong(path);
    }

    private static int Integer(string path, ref ReadOnlySpan<byte> rest) =>
        BinaryPrimitives.ReadInt32LittleEndian(Take(path, ref rest, sizeof(int)));

    private static ReadOnlySpan<byte> Take(string path, ref ReadOnlySpan<byte> rest, int length)
    {
        if (length > rest.Length)
            throw Wrong(path);

        ReadOnlySpan<byte> taken = rest[..length];
        rest = rest[length..];
        return taken;
    }

    private static InvalidDataException Wrong(string path) =>
        new($"{path} is no importance matrix: neither GGUF nor llama.cpp's older form, or cut short.");
}
