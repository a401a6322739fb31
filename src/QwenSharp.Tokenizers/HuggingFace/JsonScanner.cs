using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace QwenSharp.Tokenizers;

/// <summary>
/// Walks through the two huge, flat members of a <c>tokenizer.json</c>. <see cref="Utf8JsonReader"/> is exact and quick once warm, but the
/// 900,000 JSON tokens of a vocabulary pass while it still runs unoptimised, which is most of a cold start; this runs optimised at once.
/// </summary>
internal ref struct JsonScanner(ReadOnlySpan<byte> json, int position)
{
    private readonly ReadOnlySpan<byte> _json = json;

    public int Position { get; private set; } = position;

    /// <summary>The byte after any white space; stays before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte Peek()
    {
        while (Position < _json.Length)
        {
            byte next = _json[Position];
            if (next is not ((byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t'))
                return next;
            Position++;
        }

        throw Fault("more text");
    }

    /// <summary>Takes the next byte if it is this one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(byte expected)
    {
        if (Peek() != expected)
            return false;

        Position++;
        return true;
    }

    /// <summary>Takes the next byte, which must be this one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(byte expected)
    {
        if (!TryTake(expected))
            throw Fault($"'{(char)expected}'");
    }

    /// <summary>Takes a separating comma; false where the container ends instead, before its closing bracket.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TakeComma(byte closing)
    {
        if (Peek() == closing)
            return false;

        Take((byte)',');
        return true;
    }

    /// <summary>Takes a string and appends its content.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ReadString(Utf8Text output)
    {
        Take((byte)'"');
        ReadOnlySpan<byte> json = _json;
        int start = Position;
        for (int i = start; i < json.Length; i++)
        {
            byte value = json[i];
            if (value == '"')
            {
                Position = i + 1;
                output.Append(json[start..i]);
                return;
            }

            if (value == '\\')
            {
                ReadEscapedString(start, i, output);
                return;
            }

            if (value < 0x20)
                break;
        }

        throw Fault("a string that ends");
    }

    public int ReadInt32()
    {
        Peek();
        if (!Utf8Parser.TryParse(_json[Position..], out int value, out int length))
            throw Fault("a token id");

        Position += length;
        return value;
    }

    private void ReadEscapedString(int start, int escape, Utf8Text output)
    {
        int end = escape;
        while (end < _json.Length && _json[end] != '"')
            end += _json[end] == '\\' ? 2 : 1;
        if (end >= _json.Length)
            throw Fault("a string that ends");

        Utf8JsonReader reader = new(_json[(start - 1)..(end + 1)]);
        reader.Read();
        Position = end + 1;
        byte[] content = new byte[end - start];
        output.Append(content.AsSpan(0, reader.CopyString(content)));
    }

    private readonly TokenizerFormatException Fault(string expected) =>
        new($"tokenizer.json: expected {expected} at byte {Position}.");
}
