using System.Text;
using QwenSharp.Chat.Streaming;
using QwenSharp.Engine;
using QwenSharp.Faults;
using QwenSharp.Grammars;

namespace QwenSharp.Constraints;

/// <summary>
/// Holds one answer to its <see cref="ReplyPlan"/>. Reasoning is free, within its budget; what follows is held to the grammar of the
/// answer; and where there is none, all text is free until a tool call begins, which is then held to the grammar of calls.
/// </summary>
internal sealed class ReplyConstraint : ITokenConstraint
{
    private const int MostNewlines = 2;

    private readonly ReplyPlan _plan;
    private readonly ReplyVocabulary _vocabulary;
    private readonly byte[] _open, _close;
    private readonly int? _openToken;
    private readonly List<byte> _line = [];
    private readonly List<int> _forced = [];
    private readonly CallWatch _calls = new();
    private Phase _phase;
    private GrammarMatcher? _matcher;
    private int _reasoned, _newlines, _forcedFrom;
    private bool _knowsForced;

    public ReplyConstraint(ReplyPlan plan, ReplyVocabulary vocabulary)
    {
        (_plan, _vocabulary) = (plan, vocabulary);
        (_open, _close) = (Encoding.UTF8.GetBytes(plan.Tags.Open), Encoding.UTF8.GetBytes(plan.Tags.Close));
        _openToken = plan.MayReason ? vocabulary.Single(plan.Tags.Open) : null;
        if (plan.OpensReasoning)
            _phase = Phase.Reasoning;
        else if (plan.MayReason && (plan.Answer is null || _openToken is not null))
            _phase = Phase.Start;
        else
            BeginAnswer();
    }

    private enum Phase
    {
        /// <summary>Nothing but what may become the tag that opens reasoning.</summary>
        Start,
        Reasoning,

        /// <summary>After the closing tag, nothing but new lines.</summary>
        AfterReasoning,

        /// <summary>Text in which calls may begin.</summary>
        Free,

        /// <summary>In a call.</summary>
        Call,

        /// <summary>In an answer that has a grammar.</summary>
        Answer,

        /// <summary>Nothing but the end may come.</summary>
        End,
    }

    /// <inheritdoc/>
    public bool IsInForm => _phase == Phase.Answer;

    /// <inheritdoc/>
    /// <exception cref="OptionNotSupportedException">As of <see cref="TryMask"/>.</exception>
    public ReadOnlySpan<int> Forced
    {
        get
        {
            if (!_knowsForced)
                FindForced();

            return System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_forced)[_forcedFrom..];
        }
    }

    /// <inheritdoc/>
    /// <exception cref="OptionNotSupportedException">Only on the way does it turn out that a grammar takes too much to follow, or that
    /// it leads nowhere; the fault says which option asked for it.</exception>
    public bool TryMask(Span<uint> allowed)
    {
        try
        {
            bool isHeld = TryFill(allowed);
            if (isHeld && !allowed.ContainsAnyExcept(0u))
                throw new GrammarException("grammar", "", "no token of the model may come next.");

            return isHeld;
        }
        catch (GrammarException fault)
        {
            throw NotEnforced(fault);
        }
    }

    private bool TryFill(Span<uint> allowed)
    {
        // Where it is a grammar that leaves no choice, its mask does not either, and the tokens are the model's own.
        if (_phase == Phase.Reasoning && Forced is [int only, ..])
        {
            allowed.Clear();
            Allow(allowed, only);
            return true;
        }

        switch (_phase)
        {
            case Phase.Start when _plan.Answer is { } answer:
                _matcher ??= Matcher(answer);
                _matcher.FillMask(allowed);
                Allow(allowed, _openToken!.Value);
                return true;
            case Phase.Reasoning when _plan.Answer is not null && Straddling() is { Length: > 0 } straddling:
                allowed.Fill(uint.MaxValue);
                foreach (int token in straddling)
                    allowed[token >> 5] &= ~(1u << token);

                return true;
            case Phase.AfterReasoning when _plan.Answer is { } answer:
                _matcher ??= Matcher(answer);
                _matcher.FillMask(allowed);
                if (_newlines < MostNewlines)
                    AllowNewlines(allowed);

                return true;
            case Phase.Call or Phase.Answer:
                _matcher!.FillMask(allowed);
                return true;
            case Phase.End:
                allowed.Clear();
                foreach (int token in _vocabulary.StopTokens)
                    Allow(allowed, token);

                return true;
            default:
                return false;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="OptionNotSupportedException">As of <see cref="TryMask"/>.</exception>
    public void Accept(int token)
    {
        if (_forcedFrom < _forced.Count && _forced[_forcedFrom] == token)
        {
            _forcedFrom++;
        }
        else
        {
            _forced.Clear();
            _forcedFrom = 0;
        }

        _knowsForced = _forcedFrom < _forced.Count;
        if (_vocabulary.StopTokens.Contains(token))
        {
            _phase = Phase.End;
            return;
        }

        if (_phase == Phase.Reasoning)
            _reasoned++;

        try
        {
            ReadOnlySpan<byte> bytes = _vocabulary.Bytes(token);
            if (_plan.Answer is not null && BeginsAnswer(token, bytes))
                BeginAnswer();

            Follow(bytes);
        }
        catch (GrammarException fault)
        {
            throw NotEnforced(fault);
        }
    }

    // Before an answer with a grammar, and before anything but new lines behind reasoning, whole tokens were asked for: one alone opens
    // reasoning, and all others are the answer's, whatever they look like.
    private bool BeginsAnswer(int token, ReadOnlySpan<byte> bytes) => _phase switch
    {
        Phase.Start => token != _openToken,
        Phase.AfterReasoning => _newlines + bytes.Length > MostNewlines || bytes.ContainsAnyExcept((byte)'\n'),
        _ => false,
    };

    private void Follow(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            switch (_phase)
            {
                case Phase.Answer:
                    Advance(bytes);
                    return;
                case Phase.Call:
                    Advance(bytes);
                    if (_matcher!.IsComplete)
                        EndCall();

                    return;
                case Phase.End:
                    return;
                default:
                    bytes = Read(bytes);
                    break;
            }
        }
    }

    /// <summary>Takes bytes of free text up to where a phase ends, and gives the rest.</summary>
    private ReadOnlySpan<byte> Read(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            Phase before = _phase;
            ReadByte(bytes[i]);
            if (_phase == before)
                continue;

            // What was no tag is the beginning of the answer.
            if (before == Phase.Start && _phase != Phase.Reasoning)
            {
                byte[] said = [.. _line, .. bytes[(i + 1)..]];
                _line.Clear();
                return said;
            }

            // The byte that is no new line is the first of the answer.
            return before == Phase.AfterReasoning ? bytes[i..] : bytes[(i + 1)..];
        }

        return [];
    }

    private void ReadByte(byte value)
    {
        switch (_phase)
        {
            case Phase.Start:
                _line.Add(value);
                ReadOnlySpan<byte> said = Said().TrimStart("\n "u8);
                if (said.SequenceEqual(_open))
                    Begin(Phase.Reasoning);
                else if (!_open.AsSpan().StartsWith(said))
                    BeginAnswer();

                break;
            case Phase.Reasoning:
                _line.Add(value);
                if (Said().EndsWith(_close))
                    Begin(Phase.AfterReasoning);
                else if (_line.Count > 4 * _close.Length)
                    _line.RemoveRange(0, _line.Count - _close.Length);

                break;
            case Phase.AfterReasoning:
                if (value == (byte)'\n' && _newlines < MostNewlines)
                    _newlines++;
                else
                    BeginAnswer();

                break;
            case Phase.Free:
                if (_plan.Call is not null && _calls.Read((char)value))
                    BeginCall();

                break;
            default:
                throw new InvalidOperationException($"No free text is read in the phase {_phase}.");
        }
    }

    private ReadOnlySpan<byte> Said() => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_line);

    private void Begin(Phase phase)
    {
        _line.Clear();
        (_phase, _knowsForced) = (phase, false);
    }

    private void BeginAnswer()
    {
        if (_plan.Answer is { } answer)
        {
            _matcher ??= Matcher(answer);
            (_phase, _knowsForced) = (Phase.Answer, false);
        }
        else
        {
            (_phase, _knowsForced) = (Phase.Free, false);
        }
    }

    private void BeginCall()
    {
        _matcher = new GrammarMatcher(_plan.Call!, _vocabulary.Tokens);
        Begin(Phase.Call);
    }

    private void EndCall()
    {
        _matcher = null;
        _calls.StartLine();
        Begin(_plan.OneCall ? Phase.End : Phase.Free);
    }

    private void Advance(ReadOnlySpan<byte> bytes)
    {
        if (_matcher!.TryAdvance(bytes))
            return;

        // A token that opened a call brought what no call may hold: then it is text that only looks like one.
        if (_phase != Phase.Call)
            throw new InvalidOperationException("A token was chosen that the answer's grammar does not allow.");

        _calls.StartLine();
        Begin(Phase.Free);
    }

    private GrammarMatcher Matcher(Grammar grammar) => new(grammar, _vocabulary.Tokens, _vocabulary.StopTokens);

    private void FindForced()
    {
        _forced.Clear();
        (_forcedFrom, _knowsForced) = (0, true);
        try
        {
            AddForced();
        }
        catch (GrammarException fault)
        {
            throw NotEnforced(fault);
        }
    }

    private void AddForced()
    {
        if (_phase == Phase.Reasoning && _reasoned >= _plan.ThinkingBudget)
            _forced.AddRange(_vocabulary.EndOfReasoning(_plan.Tags, hasBegun: _reasoned > 0));
        else if (_phase is Phase.Call or Phase.Answer)
            _matcher!.TryForcedTokens(_forced, _vocabulary.Encode);
    }

    private OptionNotSupportedException NotEnforced(GrammarException fault) => ReplyPlan.NotEnforced(
        _phase == Phase.Call ? ReplyPlan.CallOption : _plan.AnswerOption, fault);

    /// <summary>The tokens that would end reasoning and begin an answer at once, which its grammar has not been asked about.</summary>
    private int[] Straddling()
    {
        int begun = Math.Min(_line.Count, _close.Length - 1);
        while (begun > 0 && !Said().EndsWith(_close.AsSpan(0, begun)))
            begun--;

        return _vocabulary.Straddling(_plan.Tags.Close, begun, MostNewlines);
    }

    private void AllowNewlines(Span<uint> allowed)
    {
        (int? single, int? pair) = _vocabulary.Newlines;
        if (single is { } one)
            Allow(allowed, one);
        if (_newlines == 0 && pair is { } two)
            Allow(allowed, two);
    }

    private static void Allow(Span<uint> allowed, int token)
    {
        if (token >> 5 < allowed.Length)
            allowed[token >> 5] |= 1u << token;
    }
}
