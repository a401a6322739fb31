using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Bedrock;

/// <summary>
/// Amazon's event streams (<c>application/vnd.amazon.eventstream</c>): each message has a prelude of its own length and its headers', a
/// checksum of that, headers, a payload, and a checksum of all.
/// </summary>
internal sealed class AwsEventReader : WireReader
{
    private const int Prelude = 12;
    private const int Checksum = 4;

    private readonly ArrayBufferWriter<byte> _message = new();

    public override void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int missing = (_message.WrittenCount < Prelude ? Prelude : Length()) - _message.WrittenCount;
            int taken = Math.Min(missing, bytes.Length);
            _message.Write(bytes[..taken]);
            bytes = bytes[taken..];
            if (_message.WrittenCount == Prelude && taken == missing)
                CheckPrelude();

            if (_message.WrittenCount > Prelude && _message.WrittenCount == Length())
            {
                Read(_message.WrittenSpan);
                _message.ResetWrittenCount();
            }
        }
    }

    public override void Close()
    {
        if (_message.WrittenCount > 0)
            throw new WireFormatException("The stream ends in the middle of a message.");
    }

    private int Length() => (int)BinaryPrimitives.ReadUInt32BigEndian(_message.WrittenSpan);

    private void CheckPrelude()
    {
        ReadOnlySpan<byte> prelude = _message.WrittenSpan;
        uint length = BinaryPrimitives.ReadUInt32BigEndian(prelude), headers = BinaryPrimitives.ReadUInt32BigEndian(prelude[4..]);
        RequireRoom(length);
        if (headers + (long)Prelude + Checksum > length || Crc32.Of(prelude[..8]) != BinaryPrimitives.ReadUInt32BigEndian(prelude[8..]))
            throw new WireFormatException("The prelude of a message is damaged.");
    }

    private void Read(ReadOnlySpan<byte> message)
    {
        if (Crc32.Of(message[..^Checksum]) != BinaryPrimitives.ReadUInt32BigEndian(message[^Checksum..]))
            throw new WireFormatException("A message is damaged.");

        int headers = (int)BinaryPrimitives.ReadUInt32BigEndian(message[4..]);
        Dictionary<string, string> said = Headers(message.Slice(Prelude, headers));
        bool isException = said.GetValueOrDefault(":message-type") is "exception" or "error";
        string? name = isException
            ? said.GetValueOrDefault(":exception-type") ?? said.GetValueOrDefault(":error-code")
            : said.GetValueOrDefault(":event-type");
        Add(new WireEvent(name, message[(Prelude + headers)..^Checksum].ToArray()) { IsException = isException });
    }

    private static Dictionary<string, string> Headers(ReadOnlySpan<byte> bytes)
    {
        Dictionary<string, string> headers = [];
        try
        {
            while (!bytes.IsEmpty)
            {
                int nameLength = bytes[0];
                string name = Encoding.UTF8.GetString(bytes.Slice(1, nameLength));
                byte type = bytes[1 + nameLength];
                bytes = bytes[(2 + nameLength)..];

                // Only texts say something here; the length of the others follows from their type.
                int length = type switch
                {
                    0 or 1 => 0,
                    2 => 1,
                    3 => 2,
                    4 => 4,
                    5 or 8 => 8,
                    9 => 16,
                    6 or 7 => 2 + BinaryPrimitives.ReadUInt16BigEndian(bytes),
                    _ => throw new WireFormatException("A header of a message is of an unknown type."),
                };
                if (type == 7)
                    headers[name] = Encoding.UTF8.GetString(bytes[2..length]);

                bytes = bytes[length..];
            }
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new WireFormatException("The headers of a message are damaged.");
        }

        return headers;
    }
}
