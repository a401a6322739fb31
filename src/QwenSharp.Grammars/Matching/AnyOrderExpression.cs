namespace QwenSharp.Grammars.Matching;

/// <summary>Parts in any order, each at most once, and some of them in any case.</summary>
/// <param name="parts">At most 64.</param>
/// <param name="required">The bits of those that may not be left out.</param>
internal sealed class AnyOrderExpression(Expression[] parts, ulong required) : Expression
{
    public override void Begin(ContinuationBuilder builder, Frame frame) => Go(builder, frame, 0);

    private void Go(ContinuationBuilder builder, Frame behind, ulong done)
    {
        if ((required & ~done) == 0)
            builder.Pass(behind);

        for (int i = 0; i < parts.Length; i++)
        {
            if ((done & (1UL << i)) == 0)
                builder.Add(parts[i], new Rest(this, done | (1UL << i), behind));
        }
    }

    private sealed class Rest(AnyOrderExpression set, ulong done, Frame behind) : Frame
    {
        public override void Continue(ContinuationBuilder builder) => set.Go(builder, behind, done);
    }
}
