using System.Numerics;
using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja;

/// <summary>The arguments of a call, positional and named.</summary>
internal sealed class Arguments(IReadOnlyList<object?> positional, IReadOnlyList<KeyValuePair<string, object?>> named)
{
    public static readonly Arguments None = new([], []);

    public IReadOnlyList<object?> Positional { get; } = positional;

    public IReadOnlyList<KeyValuePair<string, object?>> Named { get; } = named;

    public static Arguments Of(params object?[] positional) => new(positional, []);

    public Arguments Skip(int count) => new([.. Positional.Skip(count)], Named);

    /// <summary>Matches the arguments to parameters, the first <paramref name="required"/> of which must be there.</summary>
    public Bound Bind(string function, int required, params string[] parameters)
    {
        if (Positional.Count > parameters.Length)
            throw new TemplateException($"{function}() takes at most {parameters.Length} argument(s) ({Positional.Count} given)");

        object?[] values = new object?[parameters.Length];
        Array.Fill(values, Absent.Value);
        for (int i = 0; i < Positional.Count; i++)
            values[i] = Positional[i];

        foreach ((string name, object? value) in Named)
        {
            int at = Array.IndexOf(parameters, name);
            if (at < 0)
                throw new TemplateException($"{function}() got an unexpected keyword argument {Repr.Quote(name)}");

            values[at] =
                values[at] is Absent
                    ? value
                    : throw new TemplateException($"{function}() got multiple values for argument {Repr.Quote(name)}");
        }

        int missing = Array.FindIndex(values, 0, required, value => value is Absent);
        return missing < 0 ? new Bound(function, parameters, values)
            : throw new TemplateException($"{function}() missing required argument: {Repr.Quote(parameters[missing])}");
    }
}

/// <summary>Arguments matched to parameters, read by position.</summary>
internal readonly struct Bound(string function, string[] parameters, object?[] values)
{
    public object? this[int index] => values[index];

    public bool Has(int index) => values[index] is not Absent;

    public object? Or(int index, object? fallback) => Has(index) ? values[index] : fallback;

    public bool Is(int index, bool fallback = false) => Has(index) ? Truth.Of(values[index]) : fallback;

    public Text Text(int index) => values[index] as Text ?? throw Wrong(index, "a string");

    /// <summary>An integer, cut to the range of an <see cref="int"/>.</summary>
    public int Int(int index) =>
        Operators.TryInteger(values[index], out BigInteger value) ? Clamp(value) : throw Wrong(index, "an integer");

    public int Int(int index, int fallback) => Has(index) ? Int(index) : fallback;

    /// <summary>An integer, or the fallback where it is absent or None.</summary>
    public int IntOrNone(int index, int fallback) => Has(index) && values[index] is not null ? Int(index) : fallback;

    public static int Clamp(BigInteger value) => (int)BigInteger.Max(int.MinValue, BigInteger.Min(int.MaxValue, value));

    private TemplateException Wrong(int index, string what) => values[index] is Undefined undefined ? undefined.Error()
        : new($"{function}() argument {Repr.Quote(parameters[index])} must be {what}, not {TypeName.Of(values[index])}");
}
