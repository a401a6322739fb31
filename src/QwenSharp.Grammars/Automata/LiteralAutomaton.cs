namespace QwenSharp.Grammars.Automata;

/// <summary>One text of bytes, with white space before or behind it where that is asked for.</summary>
internal sealed class LiteralAutomaton : ByteAutomaton
{
    /// <summary>How far a new line may be indented.</summary>
    public const int MaxIndent = 48;

    private readonly byte[] _bytes;
    private readonly bool _spaceBefore;
    private readonly bool _spaceBehind;
    private readonly string _name;

    /// <summary>An automaton of a text.</summary>
    /// <param name="bytes">The text.</param>
    /// <param name="spaceBefore">Whether a space, or a new line and its indent, may come before it.</param>
    /// <param name="spaceBehind">Whether they may come behind it.</param>
    public LiteralAutomaton(byte[] bytes, bool spaceBefore = false, bool spaceBehind = false)
    {
        _bytes = bytes;
        _spaceBefore = spaceBefore;
        _spaceBehind = spaceBehind;
        _name = $"{(spaceBefore ? "_" : "")}{Convert.ToHexString(bytes)}{(spaceBehind ? "_" : "")}";
        AcceptsEmpty = bytes.Length == 0;
    }

    // States: 0..n are the bytes done; behind n + 1 come the space, the new line with its indent, for the space before and the one behind.
    private int Spaces(bool behind) => _bytes.Length + 1 + (behind ? (2 * MaxIndent) + 4 : 0);

    public override bool Accepts(int state) => (state == _bytes.Length && state > 0) || state >= Spaces(true);

    public override ShareKey? Share(int state, int longest) => new ShareKey(_name, 0, state, 0, 0);

    protected override int Compute(int state, byte value)
    {
        int n = _bytes.Length;
        if (state <= n)
        {
            if (state < n && _bytes[state] == value)
                return state + 1;
            bool allows = (state == 0 && _spaceBefore) || (state == n && _spaceBehind);
            return !allows ? Dead
                : value == ' ' ? Spaces(state == n)
                : value == '\n' ? Spaces(state == n) + 1
                : Dead;
        }

        bool behind = state >= Spaces(true);
        int at = state - Spaces(behind);
        if (!behind && value == _bytes[0])
            return 1;
        // 0 is the space, 1 the new line, 2… spaces of an indent, MaxIndent + 2… its tabs.
        return at >= 1 && at <= MaxIndent && value == ' ' ? state + 1
            : at == 1 && value == '\t' ? state + MaxIndent + 1
            : at > MaxIndent + 1 && at < (2 * MaxIndent) + 2 && value == '\t' ? state + 1
            : Dead;
    }
}
