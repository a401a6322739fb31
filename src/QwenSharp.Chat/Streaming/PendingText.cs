namespace QwenSharp.Chat.Streaming;

/// <summary>Text that comes in at the end and goes at the front, each character moved a bounded number of times.</summary>
internal sealed class PendingText
{
    private char[] _characters = new char[256];
    private int _start, _end;

    public ReadOnlySpan<char> Text => _characters.AsSpan(_start, _end - _start);

    public void Add(string text)
    {
        if (_end + text.Length > _characters.Length)
        {
            int length = _end - _start;
            char[] target = 2 * (length + text.Length) > _characters.Length ? new char[2 * (length + text.Length)] : _characters;
            Text.CopyTo(target);
            (_characters, _start, _end) = (target, 0, length);
        }

        text.CopyTo(_characters.AsSpan(_end));
        _end += text.Length;
    }

    public void Drop(int length) => _start += length;
}
