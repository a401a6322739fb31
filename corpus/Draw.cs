namespace QwenSharp.Corpus;

/// <summary>The random choices of one exercise: SplitMix64, so that a seed gives the same corpus on every platform.</summary>
internal sealed class Draw(ulong seed, Split split)
{
    private ulong _state = seed;

    /// <summary>The part that is drawn for: pools give only its values.</summary>
    public Split Split { get; } = split;

    public ulong Next() => StableHash.Mix(_state += 0x9E3779B97F4A7C15);

    /// <summary>A number from 0 to <paramref name="bound"/> − 1.</summary>
    public int Below(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>A number of a range, both ends included.</summary>
    public int Between(int least, int most) => least + Below(most - least + 1);

    public bool Chance(int percent) => Below(100) < percent;

    public T Of<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    public string Of(Pool pool) => Of(pool.Values(Split));

    public char Of(string characters) => characters[Below(characters.Length)];

    /// <summary>Different items in a random order.</summary>
    public List<T> Some<T>(IReadOnlyList<T> items, int count)
    {
        List<T> all = [.. items];
        Shuffle(all);
        return all.GetRange(0, Math.Min(count, all.Count));
    }

    public void Shuffle<T>(IList<T> items)
    {
        for (int i = items.Count - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>Draws until the value belongs to this part; its hash decides.</summary>
    public string Unseen(Func<string> value)
    {
        while (true)
        {
            string drawn = value();
            if (StableHash.SplitOf(drawn) == Split)
                return drawn;
        }
    }
}
