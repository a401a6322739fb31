using System.Text;

namespace QwenSharp.Cli.Terminals;

/// <summary>One thing that was typed or pasted.</summary>
internal readonly record struct Key
{
    /// <summary>The key, where it is not just a character.</summary>
    public ConsoleKey Is { get; init; }

    /// <summary>The characters that it types; null for a key that types none.</summary>
    public string? Character { get; init; }

    /// <summary>Whether Alt was held.</summary>
    public bool Alt { get; init; }

    /// <summary>Whether Ctrl was held.</summary>
    public bool Control { get; init; }

    /// <summary>What was pasted; null where something was typed.</summary>
    public string? Pasted { get; init; }

    /// <summary>The letter that was pressed together with Ctrl alone; NUL for none.</summary>
    public char Chord => Control && !Alt && Is is >= ConsoleKey.A and <= ConsoleKey.Z ? (char)Is : '\0';
}

/// <summary>
/// The keys of a console, with pastes taken together: between ESC[200~ and ESC[201~ where the terminal marks them (bracketed paste), and
/// on Windows, whose consoles do not, what comes faster than anybody types.
/// </summary>
/// <param name="read">Waits for the next key without echoing it.</param>
/// <param name="isWaiting">Whether another key is there already.</param>
/// <param name="marked">Whether the terminal marks pastes.</param>
internal sealed class KeyInput(Func<ConsoleKeyInfo> read, Func<bool> isWaiting, bool marked = true)
{
    private const string PasteBegins = "[200~", PasteEnds = "[201~";

    private readonly Queue<ConsoleKeyInfo> _unread = new();

    /// <summary>Whether the last key was the first half of a character outside the basic plane; the second follows at once.</summary>
    public bool HasHalf { get; private set; }

    /// <summary>Waits for the next key, or for the whole of a paste.</summary>
    public Key Next()
    {
        ConsoleKeyInfo key = Read();
        HasHalf = char.IsHighSurrogate(key.KeyChar);
        if (key.Key == ConsoleKey.Escape && Follows(PasteBegins))
            return new Key { Pasted = Clean(ReadPaste()) };
        if (key.Key == ConsoleKey.Enter && key.Modifiers == 0 && !marked && isWaiting())
            return new Key { Pasted = "\n" };

        bool alt = key.Modifiers.HasFlag(ConsoleModifiers.Alt), control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        // AltGr, which types characters, is Ctrl and Alt together.
        bool types = !char.IsControl(key.KeyChar) && alt == control;
        return new Key { Is = key.Key, Character = types ? key.KeyChar.ToString() : null, Alt = alt, Control = control };
    }

    /// <summary>Reads the rest of a sequence, if that is what follows; otherwise leaves the keys to come.</summary>
    private bool Follows(string sequence)
    {
        List<ConsoleKeyInfo> seen = [];
        foreach (char expected in sequence)
        {
            if (_unread.Count == 0 && !isWaiting())
                break;

            seen.Add(Read());
            if (seen[^1].KeyChar != expected)
                break;
        }

        if (seen.Count == sequence.Length && seen[^1].KeyChar == sequence[^1])
            return true;

        ConsoleKeyInfo[] later = [.. _unread];
        _unread.Clear();
        foreach (ConsoleKeyInfo key in seen.Concat(later))
            _unread.Enqueue(key);

        return false;
    }

    private string ReadPaste()
    {
        StringBuilder pasted = new();
        while (true)
        {
            ConsoleKeyInfo key = Read();
            if (key.Key == ConsoleKey.Escape && Follows(PasteEnds))
                return pasted.ToString();

            pasted.Append(key.Key == ConsoleKey.Enter && key.KeyChar != '\r' ? '\n' : key.KeyChar);
        }
    }

    /// <summary>Text as a message has it: lines end with a line feed, and of the control characters there is only the tab.</summary>
    private static string Clean(string pasted) =>
        string.Concat(pasted.ReplaceLineEndings("\n").Where(c => c is '\n' or '\t' || !char.IsControl(c)));

    private ConsoleKeyInfo Read() => _unread.TryDequeue(out ConsoleKeyInfo key) ? key : read();
}
