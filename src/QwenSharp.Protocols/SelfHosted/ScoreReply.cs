namespace QwenSharp.Protocols.SelfHosted;

/// <summary>The reply of <c>/v1/score</c>.</summary>
/// <param name="Id">The reply's own name.</param>
/// <param name="Created">When it was asked for, in seconds of Unix time.</param>
/// <param name="Model">Who scored.</param>
/// <param name="Data">A score a pair, in their order.</param>
/// <param name="Usage">The tokens that were read.</param>
public sealed record ScoreReply(string Id, long Created, string Model, IReadOnlyList<PairScore> Data, ReadUsage Usage)
{
    /// <summary>Always <c>list</c>.</summary>
    public string Object { get; } = "list";
}

/// <summary>What one pair is worth.</summary>
/// <param name="Index">Its place, from 0.</param>
/// <param name="Score">How well the second text answers the first, from 0 to 1.</param>
public sealed record PairScore(int Index, float Score)
{
    /// <summary>Always <c>score</c>.</summary>
    public string Object { get; } = "score";
}
