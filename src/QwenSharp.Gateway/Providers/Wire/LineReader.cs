using System.Buffers;

namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>A stream of lines, which end with LF, CR or both.</summary>
internal abstract class LineReader : WireReader
{
    private static readonly SearchValues<byte> Ends = SearchValues.Create("\r\n"u8);

    private readonly ArrayBufferWriter<byte> _line = new();
    private bool _isFirst = true;
    private bool _afterReturn;

    public override void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_afterReturn && bytes[0] == '\n')
                bytes = bytes[1..];

            _afterReturn = false;
            int end = bytes.IndexOfAny(Ends);
            ReadOnlySpan<byte> more = end < 0 ? bytes : bytes[..end];
            RequireRoom((long)_line.WrittenCount + more.Length);
            _line.Write(more);
            if (end < 0)
                return;

            _afterReturn = bytes[end] == '\r';
            bytes = bytes[(end + 1)..];
            Take();
        }
    }

    /// <inheritdoc/>
    public override void Close()
    {
        if (_line.WrittenCount > 0)
            Take();
    }

    /// <summary>Takes a line without its end.</summary>
    protected abstract void Line(ReadOnlySpan<byte> line);

    private void Take()
    {
        ReadOnlySpan<byte> line = _line.WrittenSpan;
        if (_isFirst && line.StartsWith("\uFEFF"u8))
            line = line[3..];

        _isFirst = false;
        Line(line);
        _line.ResetWrittenCount();
    }
}
