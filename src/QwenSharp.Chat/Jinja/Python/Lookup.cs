using System.Numerics;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>
/// <c>value.name</c>, which prefers attributes, and <c>value[key]</c>, which prefers items, as Jinja's sandbox looks them up.
/// </summary>
internal static class Lookup
{
    public static object? Attribute(Runtime runtime, object? value, string name) =>
        OwnAttribute(value, name) is var found and not Absent ? found
            : OwnItem(runtime, value, Text.FromTemplate(name)) is var item and not Absent ? item
            : Missing(value, Text.FromTemplate(name), runtime);

    public static object? Item(Runtime runtime, object? value, object? key) =>
        OwnItem(runtime, value, key) is var found and not Absent ? found
            : key is Text name && OwnAttribute(value, name.Value) is var attribute and not Absent ? attribute
            : Missing(value, key, runtime);

    /// <summary>The attribute alone; undefined where there is none.</summary>
    public static object? AttributeOnly(Runtime runtime, object? value, Text name) =>
        OwnAttribute(value, name.Value) is var found and not Absent ? found : Missing(value, name, runtime);

    /// <summary>Jinja's idea of a sequence: what has a length and items by key, which undefined values claim too.</summary>
    public static bool IsSequence(object? value) => value is Text or Sequence or Mapping or Range or Undefined;

    private static object? OwnAttribute(object? value, string name)
    {
        if (value is Undefined undefined)
            throw undefined.Error();

        if (value is Namespace space)
            return space.Attributes.TryGet(Text.FromTemplate(name), out object? attribute) ? attribute : Absent.Value;

        if (name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal))
            return Unsafe(value, name);

        return value switch
        {
            Text text => StringMethods.Find(text, name),
            Mapping mapping => MappingMethods.Find(mapping, name),
            Sequence sequence => SequenceMethods.Find(sequence, name),
            double or BigInteger or bool => NumberMethods.Find(value, name),
            Callable callable => callable.Attribute(name),
            _ => Absent.Value,
        };
    }

    /// <summary>A method that would change its object: calling it fails.</summary>
    public static object Unsafe(object? value, string name) =>
        new Undefined($"access to attribute {Repr.Quote(name)} of {Repr.Quote(TypeName.Of(value))} object is unsafe.");

    private static object? OwnItem(Runtime runtime, object? value, object? key)
    {
        switch (value)
        {
            case Undefined undefined:
                throw undefined.Error();
            case Mapping mapping when key is not (Mapping or MappingView or Sequence { IsTuple: false }):
                return mapping.TryGet(key, out object? found) ? found : Absent.Value;
            case Text or Sequence or Range when Operators.TryInteger(key, out BigInteger index):
                Iteration.TryLength(value, out int length);
                index = index.Sign < 0 ? index + length : index;
                if (index < 0 || index >= length)
                    return Absent.Value;

                runtime.Budget.Allocate(1);
                return value switch
                {
                    Text text => text.At((int)index).AsMarkup(text.IsMarkup),
                    Sequence sequence => sequence.Items[(int)index],
                    _ => ((Range)value).At((int)index),
                };
            default:
                return Absent.Value;
        }
    }

    private static Undefined Missing(object? value, object? key, Runtime runtime) => new(key is Text name
        ? $"{Repr.Quote(TypeName.Object(value))} has no attribute {Repr.Quote(name.Value)}"
        : $"{TypeName.Object(value)} has no element {Repr.Of(runtime, key)}");
}
