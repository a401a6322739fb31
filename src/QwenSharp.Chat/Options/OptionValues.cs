using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;

namespace QwenSharp.Chat;

/// <summary>Typed reading of <c>AdditionalProperties</c>, whose values are .NET values or JSON.</summary>
internal sealed class OptionValues
{
    private readonly AdditionalPropertiesDictionary _properties;

    /// <exception cref="NotSupportedException">There is a key that no one honours.</exception>
    public OptionValues(AdditionalPropertiesDictionary? properties, IEnumerable<string> honoured)
    {
        _properties = properties ?? [];
        if (_properties.Keys.Except(honoured, StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } unknown)
            throw new OptionNotSupportedException(unknown, $"is not an option here; these are: {string.Join(", ", honoured)}.");
    }

    public bool? Boolean(string name) => Get(name) switch
    {
        null => null,
        bool value => value,
        JsonElement { ValueKind: JsonValueKind.True } => true,
        JsonElement { ValueKind: JsonValueKind.False } => false,
        _ => throw Wrong(name, "a boolean"),
    };

    public float? Number(string name) => Get(name) is { } value ? AsNumber(value) ?? throw Wrong(name, "a number") : null;

    public int? Integer(string name)
    {
        if (Get(name) is not { } value)
            return null;

        double? number = value is JsonElement { ValueKind: JsonValueKind.Number } json ? json.GetDouble() : AsNumber(value);
        return number is { } whole && whole == Math.Truncate(whole) && Math.Abs(whole) <= int.MaxValue
            ? (int)whole
            : throw Wrong(name, "a whole number");
    }

    /// <summary>A map from token ids to numbers.</summary>
    public IReadOnlyDictionary<int, float>? TokenNumbers(string name)
    {
        switch (Get(name))
        {
            case null:
                return null;
            case IReadOnlyDictionary<int, float> numbers:
                return numbers;
            case JsonElement { ValueKind: JsonValueKind.Object } json:
                Dictionary<int, float> read = [];
                foreach (JsonProperty entry in json.EnumerateObject())
                {
                    read[
                        int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                            ? id
                            : throw Wrong(name, "a map from token ids to numbers")
                    ] = AsNumber(entry.Value) ?? throw Wrong(name, "a map from token ids to numbers");
                }

                return read;
            default:
                throw Wrong(name, "a map from token ids to numbers");
        }
    }

    /// <summary>A map from names to values of JSON; empty where there is none.</summary>
    public Dictionary<string, JsonElement> Variables(string name) => Get(name) switch
    {
        null => [],
        JsonElement { ValueKind: JsonValueKind.Object } json => json.EnumerateObject()
            .ToDictionary(entry => entry.Name, entry => entry.Value),
        IEnumerable<KeyValuePair<string, object?>> entries => entries
            .ToDictionary(entry => entry.Key, entry => NeutralJson.Element(entry.Value)),
        _ => throw Wrong(name, "a JSON object or a dictionary with string keys"),
    };

    /// <summary>A value of a .NET type; null where there is none.</summary>
    public T? Of<T>(string name, string wanted)
        where T : class => Get(name) is { } value ? value as T ?? throw Wrong(name, wanted) : null;

    private object? Get(string name) => _properties.GetValueOrDefault(name) switch
    {
        JsonElement { ValueKind: JsonValueKind.Null } => null,
        object value => value,
        null => null,
    };

    private static float? AsNumber(object value) => value switch
    {
        JsonElement { ValueKind: JsonValueKind.Number } json => json.GetSingle(),
        float or double or decimal or int or long or short or byte => Convert.ToSingle(value, CultureInfo.InvariantCulture),
        _ => null,
    };

    private static OptionException Wrong(string name, string wanted) =>
        new(OptionFault.Of(FaultKind.WrongType, name, $"must be {wanted}."));
}
