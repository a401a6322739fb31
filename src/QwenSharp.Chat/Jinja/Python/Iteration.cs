using System.Numerics;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>Python's iteration over a value, and its length.</summary>
internal static class Iteration
{
    public static bool Can(object? value) =>
        value is Text or Sequence or Mapping or MappingView or Range or Generator or Undefined or LoopContext;

    public static IEnumerable<object?> Of(object? value) => value switch
    {
        Sequence sequence => sequence.Items,
        Mapping mapping => mapping.Keys,
        Text text => Characters(text),
        MappingView view => view.Items,
        Range range => range.Items,
        Generator generator => generator.Items,
        Undefined => [],
        _ => throw new TemplateException($"'{TypeName.Of(value)}' object is not iterable"),
    };

    /// <summary>Writes the items out, paying for each.</summary>
    public static List<object?> ToList(Runtime runtime, object? value)
    {
        List<object?> items = [];
        foreach (object? item in Of(value))
        {
            runtime.Budget.AllocateItems(1);
            items.Add(item);
        }

        return items;
    }

    public static bool TryLength(object? value, out int length)
    {
        length = value switch
        {
            Text text => text.Length,
            Sequence sequence => sequence.Count,
            Mapping mapping => mapping.Count,
            MappingView view => view.Mapping.Count,
            Range range => range.Count,
            Undefined => 0,
            _ => -1,
        };
        return length >= 0;
    }

    public static BigInteger Length(object? value) => TryLength(value, out int length) ? length
        : throw new TemplateException($"object of type '{TypeName.Of(value)}' has no len()");

    private static IEnumerable<object?> Characters(Text text)
    {
        for (int i = 0; i < text.Length; i++)
            yield return text.At(i);
    }
}
