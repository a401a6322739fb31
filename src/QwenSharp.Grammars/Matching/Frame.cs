using QwenSharp.Grammars.Automata;

namespace QwenSharp.Grammars.Matching;

/// <summary>One of the places in a grammar where the text so far may be.</summary>
/// <param name="Automaton">The automaton that reads the text there.</param>
/// <param name="State">Its state.</param>
/// <param name="Frame">What comes behind it.</param>
/// <param name="Hash">The content of the string so far, where the automaton tracks it.</param>
internal readonly record struct Place(ByteAutomaton Automaton, int State, Frame Frame, ContentHash Hash);

/// <summary>All places that a grammar goes on at.</summary>
/// <param name="Places">The places, each at the start of its automaton.</param>
/// <param name="MayEnd">Whether the text may end.</param>
internal sealed record Continuation(Place[] Places, bool MayEnd)
{
    public static Continuation Nowhere { get; } = new([], false);
}

/// <summary>
/// What comes behind a part of the text: one link of the stack of a pushdown automaton. Frames never change, so that texts that branch
/// share what they have in common; what follows is found once and kept.
/// </summary>
internal abstract class Frame
{
    private Continuation? _after;

    /// <summary>What follows, once the part is done.</summary>
    /// <param name="label">Which of the automaton's texts it was.</param>
    /// <param name="hash">Its content, where that is tracked; it may be unknown.</param>
    public virtual Continuation After(int label, ContentHash hash) => _after ??= Continued();

    /// <summary>Whether a string with a content may not stand here.</summary>
    public virtual bool Excludes(ContentHash hash) => false;

    /// <summary>Adds to a mask's exceptions: the contents that may not stand here, behind what there is of the string.</summary>
    public virtual void Excluded(List<ContentHash> contents)
    {
    }

    /// <summary>Whether any of the texts in a range may stand here.</summary>
    public virtual bool AllowsAny(int first, int end) => true;

    /// <summary>Adds what follows.</summary>
    public abstract void Continue(ContinuationBuilder builder);

    private Continuation Continued()
    {
        ContinuationBuilder builder = new();
        Continue(builder);
        return builder.ToContinuation();
    }
}

/// <summary>The end of the text.</summary>
internal sealed class EndFrame : Frame
{
    public override void Continue(ContinuationBuilder builder) => builder.End();
}

/// <summary>Gathers the places that a grammar may go on at without a byte.</summary>
internal sealed class ContinuationBuilder
{
    private const int MaxPlaces = 20_000;
    private const int MaxDepth = 600;

    private readonly List<Place> _places = [];
    private readonly HashSet<Frame> _passed = [];
    private bool _mayEnd;
    private int _depth;

    public void End() => _mayEnd = true;

    public void Add(ByteAutomaton automaton, Frame frame)
    {
        _places.Add(new Place(automaton, automaton.Start, frame, default));
        if (_places.Count > MaxPlaces)
            throw new GrammarException("grammar", "", "it is ambiguous in too many ways at one place.");
        if (automaton.AcceptsEmpty)
            Pass(frame);
    }

    /// <summary>Goes on behind a part of which nothing is written.</summary>
    public void Pass(Frame frame)
    {
        if (!_passed.Add(frame))
            return;
        Descend();
        frame.Continue(this);
        _depth--;
    }

    public void Add(Expression expression, Frame frame)
    {
        Descend();
        expression.Begin(this, frame);
        _depth--;
    }

    public Continuation ToContinuation() => new([.. _places], _mayEnd);

    private void Descend()
    {
        if (++_depth > MaxDepth)
            throw new GrammarException("grammar", "", "it is nested too deeply, or a rule begins with itself.");
    }
}
