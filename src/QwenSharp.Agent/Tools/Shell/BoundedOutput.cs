using System.Text;

namespace QwenSharp.Agent.Tools.Shell;

/// <summary>What a command prints, of which no more is kept than memory should hold: the beginning and the end.</summary>
internal sealed class BoundedOutput
{
    private const int MostAtOnce = 1 << 20;

    private readonly Lock _lock = new();
    private readonly StringBuilder _head = new();
    private readonly StringBuilder _tail = new();
    private long _dropped;

    /// <summary>Adds a piece.</summary>
    public void Add(string piece)
    {
        lock (_lock)
        {
            int room = Math.Clamp(MostAtOnce - _head.Length, 0, piece.Length);
            _head.Append(piece, 0, room);
            _tail.Append(piece, room, piece.Length - room);
            if (_tail.Length <= 2 * MostAtOnce)
                return;

            _dropped += _tail.Length - MostAtOnce;
            _tail.Remove(0, _tail.Length - MostAtOnce);
        }
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        lock (_lock)
            return _dropped == 0 ? $"{_head}{_tail}" : $"{_head}\n[… {_dropped} characters were not kept …]\n{_tail}";
    }
}
