using System.Buffers;
using System.Text;

namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>
/// Server-sent events (WHATWG HTML, section 9.2). Unlike there, the last event counts without an empty line behind it: some servers leave
/// that out, and whether the answer is whole is for its own end to say.
/// </summary>
internal sealed class SseReader : LineReader
{
    // Comments are small talk: a few say all that any provider says with them.
    private const int CommentCount = 8;
    private const int CommentLength = 128;

    private readonly ArrayBufferWriter<byte> _data = new();
    private readonly List<string> _comments = [];
    private string? _name;
    private bool _hasData;

    /// <inheritdoc/>
    public override void Close()
    {
        base.Close();
        Dispatch();
    }

    protected override void Line(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty)
        {
            Dispatch();
            return;
        }

        int colon = line.IndexOf((byte)':');
        ReadOnlySpan<byte> field = colon < 0 ? line : line[..colon];
        ReadOnlySpan<byte> value = colon < 0 ? [] : line[(colon + 1)..];
        if (value is [(byte)' ', ..])
            value = value[1..];

        if (field.IsEmpty)
        {
            _comments.Add(Encoding.UTF8.GetString(value[..Math.Min(value.Length, CommentLength)]));
            if (_comments.Count > CommentCount)
                _comments.RemoveAt(0);
        }
        else if (field.SequenceEqual("event"u8))
        {
            _name = Encoding.UTF8.GetString(value);
        }
        else if (field.SequenceEqual("data"u8))
        {
            RequireRoom((long)_data.WrittenCount + value.Length);
            if (_hasData)
                _data.Write("\n"u8);

            _data.Write(value);
            _hasData = true;
        }
    }

    private void Dispatch()
    {
        if (_hasData)
            Add(new WireEvent(_name, _data.WrittenSpan.ToArray()) { Comments = _comments.Count > 0 ? [.. _comments] : null });

        _data.ResetWrittenCount();
        _comments.Clear();
        (_name, _hasData) = (null, false);
    }
}
