namespace QwenSharp.Corpus;

/// <summary>Values such as names, of which every fifth is held out.</summary>
internal sealed class Pool
{
    private readonly string[] _train, _heldOut;

    public Pool(IEnumerable<string> values)
    {
        All = [.. values.Distinct()];
        ILookup<Split, string> parts = All.ToLookup(StableHash.SplitOf);
        (_train, _heldOut) = ([.. parts[Split.Train]], [.. parts[Split.HeldOut]]);
        if (_train.Length == 0 || _heldOut.Length == 0)
            throw new ArgumentException("A pool needs values for both parts.", nameof(values));
    }

    /// <summary>Both parts, for words that are held out only in combination.</summary>
    public IReadOnlyList<string> All { get; }

    public IReadOnlyList<string> Values(Split split) => split == Split.Train ? _train : _heldOut;
}
