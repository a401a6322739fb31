using Microsoft.Extensions.AI;

namespace QwenSharp.Chat.Streaming;

/// <summary>
/// Splits a generated reply into reasoning, content and tool calls while it streams in, in pieces of any size. The tags and the newlines
/// with which they are set off belong to the format and go; every other character comes out, in order, as soon as it cannot be part of a
/// tag. What looks like a tool call and cannot be read with certainty comes out as text. Reasoning is recognised at the start of the
/// reply only, so that content may speak of its tags. A call that a mask holds to its form comes in pieces, a content each that stands for
/// a <see cref="CallFragment"/>, and then whole.
/// </summary>
/// <param name="format">What the model's replies look like.</param>
/// <param name="tools">The tools of the request. Without any, what looks like a tool call is content.</param>
/// <param name="startsInReasoning">Whether the prompt has opened the reasoning already; see
/// <see cref="RenderedPrompt.OpensReasoning"/>.</param>
/// <param name="held">What a mask does for calls; null where there is none, and calls come whole once they are certain.</param>
public sealed class ReplySplitter(
    ReplyFormat format, IEnumerable<AITool>? tools = null, bool startsInReasoning = false, HeldCalls? held = null)
{
    private const string CallClose = "</tool_call>";

    /// <summary>The longest white space before a tag that has to come first, or next.</summary>
    private const int LongestSpace = 64;

    /// <summary>How often the end of the reply may settle a call and leave text to be read after it.</summary>
    private const int MostCallsAtEnd = 64;

    private readonly OfferedTools _tools = new(tools ?? []);
    private readonly PendingText _pending = new();
    private readonly List<FunctionCallContent> _reasoned = [];
    private readonly CallWatch _watch = new();
    private State _state = startsInReasoning ? State.BeforeReasoning : State.Start;
    private List<AIContent> _contents = [];

    /// <summary>Newlines that go where a tag follows, and come out otherwise.</summary>
    private int _newlines;

    /// <summary>The last character of the text so far.</summary>
    private char _last = '\n';

    private bool _inCodeBlock, _isAfterCall;
    private int _callsAtEnd;
    private CallOpening _opening = CallOpening.Fence;
    private CallReading? _reading;
    private HeldReading? _heldReading;

    /// <summary>Whether the watch is where the mask is: no call was read that the mask does not know of, nor the other way round.</summary>
    private bool _isInStep = held is not null;

    /// <summary>How much of the pending text is calls, where they are in reasoning, and how much of it was searched for its end.</summary>
    private int _called, _searched;

    private enum State
    {
        /// <summary>Nothing but white space so far.</summary>
        Start,

        /// <summary>In reasoning, nothing but newlines so far.</summary>
        BeforeReasoning,
        Reasoning,

        /// <summary>In what may be a call in reasoning.</summary>
        ReasoningCall,

        /// <summary>After one.</summary>
        AfterReasoningCall,

        /// <summary>After a closing tag, nothing but newlines so far.</summary>
        AfterTag,
        Content,
        Call,

        /// <summary>In a call that a mask holds.</summary>
        HeldCall,
    }

    private ReasoningTags Tags => format.Reasoning;

    private bool TakesCalls => format.ToolCalls is not null && _tools.Count > 0 && _callsAtEnd < MostCallsAtEnd;

    /// <summary>Whether the reply has begun with reasoning, if only with its tags.</summary>
    public bool IsReasoned { get; private set; } = startsInReasoning;

    /// <summary>Takes the next piece of the reply, and gives the contents that it settles.</summary>
    public IReadOnlyList<AIContent> Push(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _pending.Add(text);
        return Advance(isEnd: false);
    }

    /// <summary>
    /// What comes from here on is a form that the answer is held to: content as it stands, with its newlines and whatever looks like a tag,
    /// and calls where there are tools. Gives what was held back.
    /// </summary>
    public IReadOnlyList<AIContent> BeginForm()
    {
        IReadOnlyList<AIContent> contents = Finish();
        _last = '\n';
        return contents;
    }

    /// <summary>Ends the reply, and gives what was held back.</summary>
    public IReadOnlyList<AIContent> Finish()
    {
        IReadOnlyList<AIContent> contents = Advance(isEnd: true);
        (_state, _newlines, _callsAtEnd) = (State.Content, 0, 0);
        return contents;
    }

    private List<AIContent> Advance(bool isEnd)
    {
        _contents = [];
        while (Step(isEnd))
        {
        }

        return _contents;
    }

    // Makes one step; false when the rest has to wait for more text.
    private bool Step(bool isEnd) => _state switch
    {
        State.Start => Start(isEnd),
        State.BeforeReasoning => BeforeReasoning(),
        State.Reasoning => Reasoning(isEnd),
        State.ReasoningCall => ReasoningCall(isEnd),
        State.AfterReasoningCall => AfterReasoningCall(isEnd),
        State.AfterTag => AfterTag(isEnd),
        State.Content => Content(isEnd),
        State.HeldCall => HeldCall(isEnd),
        _ => Call(isEnd),
    };

    private bool Start(bool isEnd)
    {
        ReadOnlySpan<char> text = _pending.Text;
        ReadOnlySpan<char> said = text.TrimStart();
        int space = text.Length - said.Length;
        if (space <= LongestSpace && said.StartsWith(Tags.Open))
        {
            // The mask knows reasoning behind these only.
            _isInStep &= held is { FollowReasoning: true } && text[..space].Trim("\n ").IsEmpty;
            IsReasoned = true;
            return Go(State.BeforeReasoning, space + Tags.Open.Length);
        }

        _isInStep &= space <= LongestSpace;
        bool mayBeOpen = space <= LongestSpace && Tags.Open.AsSpan().StartsWith(said);
        return (isEnd || !mayBeOpen) && Go(State.Content, 0);
    }

    private bool BeforeReasoning()
    {
        Drop(LeadingNewlines());
        return !_pending.Text.IsEmpty && Go(State.Reasoning, 0);
    }

    private bool Reasoning(bool isEnd)
    {
        int at = FindOpening(isEnd, inReasoning: true, out CallOpening? opening);
        Deliver(at, isReasoning: true);
        if (opening is not null)
            return Begin(opening, State.ReasoningCall);
        if (_pending.Text.StartsWith(Tags.Close))
            return EndReasoning(Tags.Close.Length);
        if (isEnd)
            Flush(isReasoning: true);

        return false;
    }

    private bool EndReasoning(int length)
    {
        (_newlines, _last, _isAfterCall) = (0, '\n', false);
        return Go(State.AfterTag, length);
    }

    private bool ReasoningCall(bool isEnd)
    {
        bool isWhole = FindReasoningEnd(isEnd, out int end);
        CallVerdict verdict = _reading!.Read(_pending.Text[_called..end], isWhole);
        if (verdict.Length == 0)
            return false;
        if (verdict.Calls is null)
            return GiveUpReasoningCall(_called + verdict.Length);

        _reasoned.AddRange(verdict.Calls);
        _called += verdict.Length;
        return Go(State.AfterReasoningCall, 0);
    }

    // Only where nothing but the end of the reasoning, or of the reply, follows has the reasoning gone over into a call.
    private bool AfterReasoningCall(bool isEnd)
    {
        bool isWhole = FindReasoningEnd(isEnd, out int end);
        ReadOnlySpan<char> rest = _pending.Text[_called..end];
        ReadOnlySpan<char> said = rest.TrimStart();
        int space = rest.Length - said.Length;
        if (space > LongestSpace)
            return GiveUpReasoningCall(_called);

        if (said.IsEmpty && !isWhole)
            return false;

        if (said.IsEmpty)
        {
            _contents.AddRange(_reasoned);
            bool isClosed = _pending.Text[end..].StartsWith(Tags.Close);
            _called = 0;
            return EndReasoning(end + (isClosed ? Tags.Close.Length : 0));
        }

        if (said.StartsWith(CallClose))
        {
            _called += space + CallClose.Length;
            return true;
        }

        bool mayGoOn = CallClose.AsSpan().StartsWith(said);
        foreach (CallOpening opening in format.ToolCalls!.Openings.Where(opening => opening.InReasoning))
        {
            if (said.StartsWith(opening.Text))
            {
                _called += space;
                return Begin(opening, State.ReasoningCall);
            }

            mayGoOn |= opening.Text.AsSpan().StartsWith(said);
        }

        return (isWhole || !mayGoOn) && GiveUpReasoningCall(_called);
    }

    private bool GiveUpReasoningCall(int length)
    {
        _reasoned.Clear();
        _called = 0;
        Deliver(length, isReasoning: true);
        return Go(State.Reasoning, 0);
    }

    // Where the reasoning ends, or how much of the text is sure to be reasoning; true where it does end, or the reply does.
    private bool FindReasoningEnd(bool isEnd, out int end)
    {
        ReadOnlySpan<char> text = _pending.Text;
        int close = text[_searched..].IndexOf(Tags.Close);
        if (close >= 0)
        {
            end = _searched + close;
            return true;
        }

        _searched = Math.Max(0, text.Length - Tags.Close.Length + 1);
        end = text.Length;
        for (int i = _searched; i < text.Length && !isEnd && end == text.Length; i++)
            end = Tags.Close.AsSpan().StartsWith(text[i..]) ? i : end;

        return isEnd;
    }

    private bool AfterTag(bool isEnd)
    {
        Drop(LeadingNewlines());
        ReadOnlySpan<char> text = _pending.Text;
        if (_isAfterCall)
        {
            // The closing tag of a call that had no opening one.
            ReadOnlySpan<char> said = text.TrimStart();
            int space = text.Length - said.Length;
            if (space <= LongestSpace && said.StartsWith(CallClose))
            {
                (_isAfterCall, _isInStep) = (false, false);
                return Go(State.AfterTag, space + CallClose.Length);
            }

            if (space <= LongestSpace && !isEnd && CallClose.AsSpan().StartsWith(said))
                return false;
        }

        return !text.IsEmpty && Go(State.Content, 0);
    }

    private bool Content(bool isEnd)
    {
        CallOpening? opening = null;
        int at = TakesCalls ? FindOpening(isEnd, inReasoning: false, out opening) : _pending.Text.Length;
        Deliver(at, isReasoning: false);
        if (opening is not null && !(_inCodeBlock && opening == CallOpening.Fence))
            return Begin(opening, State.Call);

        if (opening is not null)
        {
            _inCodeBlock = false;
            Deliver(opening.Text.Length, isReasoning: false);
            return true;
        }

        if (isEnd || !TakesCalls)
            Flush(isReasoning: false);

        return false;
    }

    private bool Begin(CallOpening opening, State state)
    {
        (_opening, _reading) = (opening, format.ToolCalls!.Begin(opening, _tools, isWhole: state == State.ReasoningCall));
        bool isHeld = state == State.Call && _isInStep && !_watch.InCode && opening.Text == CallWatch.Opening && _reasoned.Count == 0;
        _heldReading = isHeld ? format.ToolCalls.BeginHeld(_tools) : null;
        return Go(isHeld ? State.HeldCall : state, 0);
    }

    private bool HeldCall(bool isEnd)
    {
        HeldReading reading = _heldReading!;
        bool isNamed = reading.Name is not null, isWhole = reading.IsWhole;
        int length = reading.Read(_pending.Text);
        if (reading.IsOther || isEnd && reading.Name is null)
            return Go(State.Call, 0);

        bool isCut = isEnd && !reading.IsEnded;
        if (isCut)
            reading.End();
        if (!isNamed && reading.Name is not null)
            _contents.Add(Fragment(reading.Begin()));
        if (reading.Name is not null && reading.Take() is { Arguments.Length: > 0 } more)
            _contents.Add(Fragment(more));
        if (!isWhole && reading.IsWhole)
            _contents.Add(reading.Whole());

        if (!reading.IsEnded)
        {
            Drop(length);
            return false;
        }

        _watch.StartLine();
        (_newlines, _last, _isAfterCall) = (0, '\n', true);

        // What the end of the reply cuts off is no text.
        return Go(State.AfterTag, isCut ? _pending.Text.Length : length);

        static AIContent Fragment(CallFragment fragment) => new() { RawRepresentation = fragment };
    }

    private bool Call(bool isEnd)
    {
        CallVerdict verdict = _reading!.Read(_pending.Text, isEnd);
        if (verdict.Length == 0)
            return false;

        _callsAtEnd += isEnd ? 1 : 0;
        if (verdict.Calls is null)
        {
            _inCodeBlock |= _opening == CallOpening.Fence;
            Deliver(verdict.Length, isReasoning: false);
            return Go(State.Content, 0);
        }

        foreach (FunctionCallContent call in verdict.Calls)
        {
            // A call that reasoning went over into, said once more in its place.
            if (_reasoned.FindIndex(other => AreSame(other, call)) is >= 0 and int same)
                _reasoned.RemoveAt(same);
            else
                _contents.Add(call);
        }

        _isInStep = false;
        (_newlines, _last, _isAfterCall) = (0, '\n', true);
        return Go(State.AfterTag, verdict.Length);
    }

    /// <summary>Where a call may begin, or reasoning end: there, the rest has to wait.</summary>
    /// <returns>How much of the text comes before it.</returns>
    private int FindOpening(bool isEnd, bool inReasoning, out CallOpening? found)
    {
        found = null;
        ReadOnlySpan<char> text = _pending.Text;
        for (int i = 0; i < text.Length; i++)
        {
            int step = text[i..].IndexOfAny("<`{[");
            if (step < 0)
                break;

            i += step;
            ReadOnlySpan<char> rest = text[i..];
            if (inReasoning && (rest.StartsWith(Tags.Close) || !isEnd && Tags.Close.AsSpan().StartsWith(rest)))
                return i;

            char before = i > 0 ? text[i - 1] : _newlines > 0 ? '\n' : _last;
            foreach (CallOpening opening in TakesCalls ? format.ToolCalls!.Openings : [])
            {
                if (!MayBeginCall(opening, before, inReasoning))
                    continue;

                if (rest.StartsWith(opening.Text))
                {
                    found = opening;
                    return i;
                }

                if (!isEnd && opening.Text.AsSpan().StartsWith(rest))
                    return i;
            }
        }

        return text.Length;
    }

    // In a block of code, or in quotes, what has no tag around it is spoken of and not called.
    private bool MayBeginCall(CallOpening opening, char before, bool inReasoning) =>
        (!inReasoning || opening.InReasoning)
        && (!opening.AtLineStart || before == '\n')
        && !(opening.IsBare && (_inCodeBlock || before is '`' or '"' or '\''));

    // Gives text, but for the newlines at its end.
    private void Deliver(int length, bool isReasoning)
    {
        if (length == 0)
            return;

        ReadOnlySpan<char> text = _pending.Text[..length];
        for (int i = 0; i < length && _isInStep && !isReasoning; i++)
            _isInStep = !_watch.Read(text[i]);

        ReadOnlySpan<char> said = text.TrimEnd('\n');
        if (!said.IsEmpty)
            AddText(string.Concat(new string('\n', _newlines), said), isReasoning);

        _newlines = said.IsEmpty ? _newlines + length : length - said.Length;
        _last = text[^1];
        Drop(length);
    }

    private void Flush(bool isReasoning)
    {
        if (_newlines > 0)
            AddText(new string('\n', _newlines), isReasoning);

        _newlines = 0;
    }

    private void AddText(string text, bool isReasoning) =>
        _contents.Add(isReasoning ? new TextReasoningContent(text) : new TextContent(text));

    private int LeadingNewlines() => _pending.Text.Length - _pending.Text.TrimStart('\n').Length;

    private bool Go(State state, int length)
    {
        Drop(length);
        _state = state;
        return true;
    }

    private void Drop(int length)
    {
        _pending.Drop(length);
        _searched = Math.Max(0, _searched - length);
    }

    private static bool AreSame(FunctionCallContent one, FunctionCallContent other) =>
        one.Name == other.Name
        && one.Arguments!.Count == other.Arguments!.Count
        && one.Arguments.All(argument =>
            other.Arguments.TryGetValue(argument.Key, out object? value) && value?.ToString() == argument.Value?.ToString());
}
