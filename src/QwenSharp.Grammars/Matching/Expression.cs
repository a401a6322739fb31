using QwenSharp.Grammars.Automata;
using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars.Matching;

/// <summary>A part of a grammar.</summary>
internal abstract class Expression
{
    /// <summary>Adds the places at which the part begins.</summary>
    /// <param name="builder">Receives the places.</param>
    /// <param name="frame">What comes behind the part.</param>
    public abstract void Begin(ContinuationBuilder builder, Frame frame);
}

/// <summary>Text of one automaton.</summary>
internal sealed class TerminalExpression(ByteAutomaton automaton) : Expression
{
    public override void Begin(ContinuationBuilder builder, Frame frame) => builder.Add(automaton, frame);
}

/// <summary>Parts, one after the other.</summary>
internal sealed class SequenceExpression(Expression[] parts) : Expression
{
    public override void Begin(ContinuationBuilder builder, Frame frame) => Begin(builder, frame, 0);

    private void Begin(ContinuationBuilder builder, Frame frame, int index)
    {
        if (index == parts.Length)
            builder.Pass(frame);
        else
            builder.Add(parts[index], index + 1 == parts.Length ? frame : new Rest(this, index + 1, frame));
    }

    private sealed class Rest(SequenceExpression sequence, int next, Frame behind) : Frame
    {
        public override void Continue(ContinuationBuilder builder) => sequence.Begin(builder, behind, next);
    }
}

/// <summary>One of some parts.</summary>
internal sealed class ChoiceExpression(Expression[] parts) : Expression
{
    public override void Begin(ContinuationBuilder builder, Frame frame)
    {
        foreach (Expression part in parts)
            builder.Add(part, frame);
    }
}

/// <summary>A part, so many times.</summary>
internal sealed class RepeatExpression(Expression part, int min, int max) : Expression
{
    public override void Begin(ContinuationBuilder builder, Frame frame) => Go(builder, frame, 0, null);

    private void Go(ContinuationBuilder builder, Frame behind, int done, Times? now)
    {
        if (done >= min)
            builder.Pass(behind);
        if (done >= max)
            return;
        bool isSame = now is not null && max == Pattern.Unbounded && done > min;
        builder.Add(part, isSame ? now! : new Times(this, behind, max == Pattern.Unbounded ? Math.Min(done + 1, min + 1) : done + 1));
    }

    private sealed class Times(RepeatExpression repeat, Frame behind, int done) : Frame
    {
        public override void Continue(ContinuationBuilder builder) => repeat.Go(builder, behind, done, this);
    }
}

/// <summary>A part by its name, which may stand before the part itself is known.</summary>
internal sealed class RuleExpression(string name) : Expression
{
    public string Name => name;

    public Expression? Part { get; set; }

    public override void Begin(ContinuationBuilder builder, Frame frame) => builder.Add(Part!, frame);
}
