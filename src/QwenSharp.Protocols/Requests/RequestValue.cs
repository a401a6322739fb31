using System.Text.Json;
using QwenSharp.Faults;

namespace QwenSharp.Protocols.Requests;

/// <summary>A value of a request's JSON together with its path, such as <c>messages[0].content</c>, so that every fault names it.</summary>
public readonly struct RequestValue
{
    private readonly JsonElement _element;
    private readonly string _path;

    internal RequestValue(JsonElement element, string path) => (_element, _path) = (element, path);

    /// <summary>Where it stands.</summary>
    public string Path => _path;

    /// <summary>The value as it was sent.</summary>
    public JsonElement Element => _element;

    /// <summary>Whether it is a string.</summary>
    public bool IsString => _element.ValueKind == JsonValueKind.String;

    /// <summary>Whether it is an array.</summary>
    public bool IsArray => _element.ValueKind == JsonValueKind.Array;

    /// <summary>Whether it is a whole number of 64 bits.</summary>
    public bool IsInteger => _element.ValueKind == JsonValueKind.Number && _element.TryGetInt64(out _);

    /// <summary>The text.</summary>
    /// <exception cref="OptionException">It is no string, or not one of Unicode.</exception>
    public string String()
    {
        if (_element.ValueKind != JsonValueKind.String)
            throw WrongType("a string");

        try
        {
            return _element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Invalid("is not valid Unicode text: it holds half of a surrogate pair.");
        }
    }

    /// <summary>Whether it is true.</summary>
    /// <exception cref="OptionException">It is no boolean.</exception>
    public bool Boolean() => _element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw WrongType("a boolean"),
    };

    /// <summary>The whole number.</summary>
    /// <exception cref="OptionException">It is none, or beyond the ends.</exception>
    public long Integer(long minimum, long maximum)
    {
        if (_element.ValueKind != JsonValueKind.Number)
            throw WrongType("an integer");

        return _element.TryGetInt64(out long value) && value >= minimum && value <= maximum
            ? value
            : throw OutOfRange("an integer", minimum, maximum, $"{minimum} to {maximum}");
    }

    /// <summary>The number.</summary>
    /// <exception cref="OptionException">It is none, or beyond the ends.</exception>
    public float Number(double minimum, double maximum)
    {
        if (_element.ValueKind != JsonValueKind.Number)
            throw WrongType("a number");

        double value = _element.GetDouble();
        return value >= minimum && value <= maximum
            ? (float)value
            : throw OutOfRange("a number", minimum, maximum, Bounds.Between(minimum, maximum).Words);
    }

    /// <summary>The fields of an object.</summary>
    /// <exception cref="OptionException">It is none.</exception>
    public RequestFields Fields() =>
        _element.ValueKind == JsonValueKind.Object ? new RequestFields(_element, _path) : throw WrongType("an object");

    /// <summary>The items of an array.</summary>
    /// <exception cref="OptionException">It is none.</exception>
    public IEnumerable<RequestValue> Items()
    {
        if (_element.ValueKind != JsonValueKind.Array)
            throw WrongType("an array");

        string at = _path;
        return _element.EnumerateArray().Select((item, index) => new RequestValue(item, $"{at}[{index}]"));
    }

    /// <summary>That the value is of the wrong type.</summary>
    /// <param name="expected">What it must be, such as <c>a string</c>.</param>
    public OptionException WrongType(string expected) =>
        new(OptionFault.Of(FaultKind.WrongType, _path, $"must be {expected}, not {Kind(_element.ValueKind)}."));

    /// <summary>That the value is none that the field takes.</summary>
    /// <param name="reason">The end of a sentence that begins with the field.</param>
    public OptionException Invalid(string reason) => new(OptionFault.Of(FaultKind.OutOfRange, _path, reason));

    /// <summary>That the field, or this value of it, is not honoured.</summary>
    /// <param name="reason">The end of a sentence that begins with the field.</param>
    public OptionNotSupportedException Unsupported(string reason) => new(_path, reason);

    /// <summary>That the field contradicts another, or needs one that is not there.</summary>
    /// <param name="sentence">What is wrong, in whole sentences.</param>
    public OptionException Conflict(FaultSentence sentence) => new(new OptionFault(FaultKind.Conflict, _path, sentence));

    private OptionException OutOfRange(string type, double minimum, double maximum, string bounds)
    {
        Bounds range = new($"{type} from {bounds}", minimum, maximum);
        return new(new OptionFault(
            FaultKind.OutOfRange,
            _path,
            $"{new OptionName(_path)} must be {range}, not {Excerpt.Of(_element.GetRawText())}.")
        {
            Bounds = range,
        });
    }

    private static string Kind(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };
}
