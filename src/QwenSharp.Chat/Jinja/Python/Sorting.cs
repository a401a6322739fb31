namespace QwenSharp.Chat.Jinja.Python;

/// <summary>Python's <c>sorted</c>: stable, and only ever asks whether a later item is less than an earlier one.</summary>
internal static class Sorting
{
    /// <summary>The items in the order of their keys; <paramref name="reverse"/> keeps equal items in their order too.</summary>
    public static List<object?> By(Runtime runtime, IEnumerable<object?> items, Func<object?, object?> key, bool reverse)
    {
        List<(object? Key, object? Item)> keyed = [];
        foreach (object? item in items)
        {
            runtime.Budget.AllocateItems(2);
            keyed.Add((key(item), item));
        }

        if (reverse)
            keyed.Reverse();

        (object? Key, object? Item)[] from = [.. keyed], to = new (object?, object?)[from.Length];
        for (int width = 1; width < from.Length; width *= 2)
        {
            for (int start = 0; start < from.Length; start += 2 * width)
            {
                Merge(
                    runtime.Comparison,
                    from,
                    to,
                    start,
                    Math.Min(start + width, from.Length),
                    Math.Min(start + (2 * width), from.Length));
            }

            (from, to) = (to, from);
        }

        List<object?> sorted = [.. from.Select(pair => pair.Item)];
        if (reverse)
            sorted.Reverse();

        return sorted;
    }

    private static void Merge(
        Comparison comparison,
        (object? Key, object? Item)[] from,
        (object? Key, object? Item)[] to,
        int start,
        int middle,
        int end)
    {
        int left = start, right = middle;
        for (int i = start; i < end; i++)
        {
            bool takeRight = right < end && (left == middle || comparison.Ordered("<", from[right].Key, from[left].Key));
            to[i] = takeRight ? from[right++] : from[left++];
        }
    }
}
