using System.Text;
using FsCheck;
using FsCheck.Fluent;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Tests.Wire;

public class SseReaderTests
{
    private const string Stream =
        "\uFEFF: hello\r\nevent: first\r\ndata: {\"a\":\r\ndata:\"ø高🌊\"}\r\n\r\n\n\rid: 7\rdata\rdata: two\r\r:end\ndata: 3";

    [Fact]
    public void Events_have_names_data_of_several_lines_and_comments()
    {
        List<WireEvent> events = Read(Encoding.UTF8.GetBytes(Stream), 1 << 20);
        Assert.Equal(3, events.Count);
        Assert.Equal("first", events[0].Name);
        Assert.Equal("{\"a\":\n\"ø高🌊\"}", Text(events[0]));
        Assert.Equal(["hello"], events[0].Comments);
        Assert.Equal("\ntwo", Text(events[1]));
        Assert.Equal("3", Text(events[2]));
        Assert.Equal(["end"], events[2].Comments);
    }

    [Fact]
    public void Cuts_make_no_difference()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Stream);
        string whole = string.Join('|', Read(bytes, bytes.Length).Select(Text));
        for (int size = 1; size < bytes.Length; size++)
            Assert.Equal(whole, string.Join('|', Read(bytes, size).Select(Text)));
    }

    [Fact]
    public void What_is_written_is_read_again() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonNull<string>[]>(),
        ArbMap.Default.ArbFor<PositiveInt>(),
        (texts, cut) =>
        {
            byte[][] data = [.. texts
                .Select(text => text.Get.Replace('\r', ' ').Replace('\n', ' '))
                .Select(Encoding.UTF8.GetBytes)];
            byte[] bytes = [.. data.SelectMany(line => (byte[])[.. "data: "u8, .. line, .. "\n\n"u8])];
            List<WireEvent> events = Read(bytes, cut.Get % 9 + 1);
            return events.Count == data.Length
                && events.Zip(data).All(pair => pair.First.Data.Span.SequenceEqual(pair.Second));
        }).Check(Config.QuickThrowOnFailure.WithReplay(20261201, 1));

    [Fact]
    public void An_event_without_an_end_does_not_fill_the_memory()
    {
        SseReader reader = new();
        byte[] bytes = new byte[1 << 20];
        Array.Fill(bytes, (byte)'x');
        Assert.Throws<WireFormatException>(() =>
        {
            for (int i = 0; i < 64; i++)
                reader.Append(bytes);
        });
    }

    private static List<WireEvent> Read(byte[] bytes, int size)
    {
        SseReader reader = new();
        List<WireEvent> events = [];
        for (int place = 0; place < bytes.Length; place += size)
        {
            reader.Append(bytes.AsSpan(place, Math.Min(size, bytes.Length - place)));
            while (reader.TryRead(out WireEvent read))
                events.Add(read);
        }

        reader.Close();
        while (reader.TryRead(out WireEvent read))
            events.Add(read);

        return events;
    }

    private static string Text(WireEvent read) => Encoding.UTF8.GetString(read.Data.Span);
}
