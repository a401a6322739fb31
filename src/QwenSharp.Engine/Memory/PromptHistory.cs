namespace QwenSharp.Engine;

/// <summary>The tokens of the sequences that ended last, so that one can say where a new prompt parts from what was there before.</summary>
internal sealed class PromptHistory
{
    private const int Remembered = 64;

    // Two prompts of one template always begin alike; below this many tokens one says nothing of it, nor of what is not used.
    private const int Alike = 64;

    private readonly Queue<(object? Adapter, int[] Tokens)> _ended = new(Remembered);

    /// <summary>Remembers a sequence.</summary>
    public void Add(object? adapter, ReadOnlySpan<int> tokens)
    {
        if (_ended.Count == Remembered)
            _ended.Dequeue();

        _ended.Enqueue((adapter, tokens.ToArray()));
    }

    /// <summary>What to say of a prompt.</summary>
    /// <param name="adapter">What it is computed with besides the model.</param>
    /// <param name="prompt">Its tokens.</param>
    /// <param name="reused">Those that are not computed again.</param>
    /// <param name="attended">Those whose keys and values were there.</param>
    public PromptReuse Explain(object? adapter, ReadOnlySpan<int> prompt, int reused, int attended)
    {
        int common = 0, length = 0;
        foreach ((object? other, int[] tokens) in _ended)
        {
            if (!Equals(other, adapter))
                continue;

            int shared = prompt.CommonPrefixLength(tokens);
            if (shared >= common)
                (common, length) = (shared, tokens.Length);
        }

        if (common < Alike)
            return new PromptReuse(reused, null, ReuseLoss.None);

        ReuseLoss loss = Math.Min(common, prompt.Length - 1) - reused < Alike ? ReuseLoss.None
            : attended > reused ? ReuseLoss.NoState
            : ReuseLoss.Evicted;
        return new PromptReuse(reused, common < Math.Min(length, prompt.Length) ? common : null, loss);
    }
}
