using System.Buffers.Binary;
using System.Text;
using QwenSharp.Gateway.Providers.Bedrock;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Tests.Wire;

public class AwsEventReaderTests
{
    [Fact]
    public void The_checksum_is_that_of_the_standard() => Assert.Equal(0xCBF43926, Crc32.Of("123456789"u8));

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    public void Messages_are_read_in_every_cut(int size)
    {
        byte[] bytes =
        [
            .. AwsEvents.Message("{\"a\":\"ø\"}", (":event-type", "chunk")), .. AwsEvents.Message("{}", (":event-type", "end")),
        ];
        AwsEventReader reader = new();
        List<WireEvent> events = [];
        foreach (byte[] piece in bytes.Chunk(size))
        {
            reader.Append(piece);
            while (reader.TryRead(out WireEvent read))
                events.Add(read);
        }

        reader.Close();
        Assert.Equal(["chunk", "end"], events.Select(read => read.Name));
        Assert.Equal("{\"a\":\"ø\"}", Encoding.UTF8.GetString(events[0].Data.Span));
    }

    [Fact]
    public void Exceptions_are_told_by_their_frame()
    {
        AwsEventReader reader = new();
        reader.Append(AwsEvents.Message("{}", (":message-type", "exception"), (":exception-type", "throttlingException")));
        Assert.True(reader.TryRead(out WireEvent read));
        Assert.True(read.IsException);
        Assert.Equal("throttlingException", read.Name);
    }

    [Fact]
    public void Every_damaged_byte_is_found()
    {
        byte[] whole = AwsEvents.Message("{\"a\":1}", (":event-type", "chunk"));
        for (int place = 0; place < whole.Length; place++)
        {
            byte[] damaged = [.. whole];
            damaged[place] ^= 0x20;
            Assert.Throws<WireFormatException>(() =>
            {
                AwsEventReader reader = new();
                reader.Append(damaged);
                reader.Close();
            });
        }
    }

    [Fact]
    public void A_message_larger_than_any_is_refused_by_its_prelude()
    {
        byte[] prelude = new byte[12];
        BinaryPrimitives.WriteUInt32BigEndian(prelude, uint.MaxValue);
        BinaryPrimitives.WriteUInt32BigEndian(prelude.AsSpan(8), Crc32.Of(prelude.AsSpan(0, 8)));
        Assert.Throws<WireFormatException>(() => new AwsEventReader().Append(prelude));
    }
}
