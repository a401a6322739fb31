using System.Globalization;
using System.Numerics;
using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Builtins;

/// <summary>The <c>attribute</c> of filters such as <c>map</c> and <c>sort</c>: "function.name", "0.id", 3.</summary>
internal static class KeyPath
{
    /// <summary>
    /// A function from an item to what the path leads to: the item itself for no path. Text in lower case if asked to, for comparing.
    /// </summary>
    public static Func<object?, object?> Getter(Runtime runtime, object? attribute, bool lower, object? fallback = null)
    {
        object?[] parts = Parts(attribute);
        return item =>
        {
            runtime.Budget.Step();
            foreach (object? part in parts)
            {
                item = Lookup.Item(runtime, item, part);
                if (item is Undefined && fallback is not null)
                    item = fallback;
            }

            return Lower(item, lower);
        };
    }

    /// <summary>
    /// As <see cref="Getter"/>, for several paths with commas between: gives a list, which orders by the first that differs.
    /// </summary>
    public static Func<object?, object?> MultiGetter(Runtime runtime, object? attribute, bool lower)
    {
        Func<object?, object?>[] getters = attribute is Text text && text.Value.Contains(',', StringComparison.Ordinal)
            ? [.. text.Value.Split(',').Select(path => Getter(runtime, Text.FromTemplate(path), lower))]
            : [Getter(runtime, attribute, lower)];
        return getters.Length == 1 ? getters[0] : item => new Sequence([.. getters.Select(getter => getter(item))]);
    }

    public static object? Lower(object? value, bool lower) =>
        lower && value is Text text ? Text.From(LetterCase.Lower(text.Value), text) : value;

    private static object?[] Parts(object? attribute) =>
        attribute switch
        {
            null => [],
            Text path =>
            [
                .. path
                    .Value.Split('.')
                    .Select(part =>
                        BigInteger.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out BigInteger index)
                            ? (object)index
                            : Text.FromTemplate(part)),
            ],
            _ => [attribute],
        };
}
