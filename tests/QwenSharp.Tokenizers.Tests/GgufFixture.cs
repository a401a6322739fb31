using System.Buffers.Binary;
using System.Text;

namespace QwenSharp.Tokenizers.Tests;

/// <summary>Just enough of GGUF to read the vocabulary of a well-formed file.</summary>
internal sealed class GgufFixture
{
    private readonly byte[] _file;
    private readonly Dictionary<string, object> _metadata = [];
    private int _position = 8;

    private GgufFixture(string path)
    {
        _file = File.ReadAllBytes(path);
        ReadNumber(8);
        long count = ReadNumber(8);
        for (long i = 0; i < count; i++)
        {
            string key = Encoding.UTF8.GetString(Slice(ReadString()));
            _metadata[key] = ReadValue((int)ReadNumber(4));
        }
    }

    public static BpeVocabulary Read(string path)
    {
        GgufFixture gguf = new(path);
        return BpeVocabulary.FromGguf(
            gguf.Strings("tokenizer.ggml.tokens"),
            gguf.Strings("tokenizer.ggml.merges"),
            ((object[])gguf._metadata["tokenizer.ggml.token_type"]).Select(type => (int)(long)type).ToArray(),
            gguf.Text("tokenizer.ggml.model"),
            gguf.Text("tokenizer.ggml.pre")) with
        { EosId = (int)(long)gguf._metadata["tokenizer.ggml.eos_token_id"] };
    }

    private string Text(string key) => Encoding.UTF8.GetString(Slice((Range)_metadata[key]));

    private Utf8Strings Strings(string key)
    {
        object[] ranges = (object[])_metadata[key];
        return new Utf8Strings(ranges.Length, index => Slice((Range)ranges[index]));
    }

    private ReadOnlySpan<byte> Slice(Range range) => _file.AsSpan(range);

    private object ReadValue(int type) => type switch
    {
        0 or 1 or 7 => ReadNumber(1),
        2 or 3 => ReadNumber(2),
        4 or 5 or 6 => ReadNumber(4),
        10 or 11 or 12 => ReadNumber(8),
        8 => ReadString(),
        9 => ReadArray(),
        _ => throw new InvalidDataException($"GGUF value type {type}"),
    };

    private object[] ReadArray()
    {
        int type = (int)ReadNumber(4);
        object[] values = new object[ReadNumber(8)];
        for (int i = 0; i < values.Length; i++)
            values[i] = ReadValue(type);
        return values;
    }

    private Range ReadString()
    {
        int length = (int)ReadNumber(8);
        _position += length;
        return (_position - length).._position;
    }

    private long ReadNumber(int bytes)
    {
        Span<byte> padded = stackalloc byte[8];
        padded.Clear();
        _file.AsSpan(_position, bytes).CopyTo(padded);
        _position += bytes;
        return BinaryPrimitives.ReadInt64LittleEndian(padded);
    }
}
