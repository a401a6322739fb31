namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>A JSON value a line.</summary>
internal sealed class JsonLineReader : LineReader
{
    protected override void Line(ReadOnlySpan<byte> line)
    {
        if (!line.Trim(" \t"u8).IsEmpty)
            Add(new WireEvent(null, line.ToArray()));
    }
}
