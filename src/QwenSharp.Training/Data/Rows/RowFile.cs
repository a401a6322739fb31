using System.Text.Json;
using QwenSharp.Chat.Conversations;

namespace QwenSharp.Training;

/// <summary>
/// The rows of a file: one JSON object a line, or one array of objects. The first sign decides, as no row begins with a bracket.
/// </summary>
internal static class RowFile
{
    /// <summary>Whether the file is one array.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static bool IsArray(string path)
    {
        using FileStream stream = File.OpenRead(path);
        for (int value; (value = stream.ReadByte()) >= 0;)
        {
            // A byte order mark may stand before it.
            if (value is not (' ' or '\t' or '\r' or '\n' or 0xEF or 0xBB or 0xBF))
                return value == '[';
        }

        return false;
    }

    /// <summary>
    /// The rows as JSON, with the line that each begins on, from 1, and how far the file is read. The bytes hold until the next is
    /// asked for.
    /// </summary>
    /// <exception cref="TrainingDataException">A line is too long, or the array is not JSON.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IEnumerable<(long Line, ReadOnlyMemory<byte> Row, long Position)> Read(string path) =>
        IsArray(path) ? ReadArray(path) : LineReader.Read(path);

    private static IEnumerable<(long Line, ReadOnlyMemory<byte> Row, long Position)> ReadArray(string path)
    {
        if (new FileInfo(path).Length > Array.MaxLength)
            throw new TrainingDataException($"{path}: an array of more than 2 GB cannot be read; write one object a line.");

        byte[] file = File.ReadAllBytes(path);
        return Divide(path, file).Select(row => (row.Line, (ReadOnlyMemory<byte>)file.AsMemory(row.Part), (long)row.Part.End.Value));
    }

    private static List<(long Line, Range Part)> Divide(string path, byte[] file)
    {
        int mark = file.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0, counted = mark;
        Utf8JsonReader reader = new(file.AsSpan(mark));
        List<(long, Range)> rows = [];
        long line = 1;
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                int start = mark + (int)reader.TokenStartIndex;
                reader.Skip();
                line += file.AsSpan(counted..start).Count((byte)'\n');
                counted = start;
                rows.Add((line, start..(mark + (int)reader.BytesConsumed)));
            }

            // What stands behind the array is a fault of its own.
            while (reader.Read())
            {
            }
        }
        catch (JsonException fault)
        {
            throw new TrainingDataException(
                $"{path}:{fault.LineNumber + 1}: column {fault.BytePositionInLine + 1}: {JsonFields.WithoutPosition(fault)}",
                fault);
        }

        return rows;
    }
}
