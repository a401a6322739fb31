using System.Text.Json;
using QwenSharp.Faults;

namespace QwenSharp.Protocols.Requests;

/// <summary>
/// The fields of one JSON object of a request, in any dialect. Each is taken by name; <see cref="RefuseRest"/> refuses the first that
/// nobody took, so that a field is either honoured or refused.
/// </summary>
public sealed class RequestFields
{
    private readonly HashSet<string> _taken = [];
    private readonly JsonElement _element;
    private readonly string _path;

    internal RequestFields(JsonElement element, string path) => (_element, _path) = (element, path);

    /// <summary>The fields of a request's body.</summary>
    /// <exception cref="OptionException">The body is not a JSON object; the fault's option is empty.</exception>
    public static RequestFields Of(JsonElement body) => body.ValueKind == JsonValueKind.Object
        ? new RequestFields(body, "")
        : throw new OptionException(new OptionFault(FaultKind.WrongType, "", $"The request's body must be a JSON object."));

    /// <summary>The names that were taken so far, whether or not the object has such fields.</summary>
    public IReadOnlyCollection<string> Taken => _taken;

    /// <summary>A field's value, or nothing where it is absent or null, which protocols take as the same.</summary>
    public RequestValue? Take(string name)
    {
        _taken.Add(name);
        return _element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? new RequestValue(value, PathOf(name))
            : null;
    }

    /// <summary>The value of a field that must be there.</summary>
    /// <exception cref="OptionException">It is not.</exception>
    public RequestValue Require(string name) =>
        Take(name) ?? throw new OptionException(OptionFault.Of(FaultKind.Missing, PathOf(name), "is required."));

    /// <summary>A field that is known, of which only values that ask for nothing are accepted.</summary>
    /// <param name="name">The field.</param>
    /// <param name="isNeutral">Whether a value asks for no more than what happens anyway.</param>
    /// <param name="reason">Why other values are refused, as the end of a sentence that starts with the field.</param>
    /// <exception cref="OptionNotSupportedException">It has another value.</exception>
    public void Refuse(string name, Func<JsonElement, bool> isNeutral, string reason)
    {
        ArgumentNullException.ThrowIfNull(isNeutral);
        if (Take(name) is { } value && !isNeutral(value.Element))
            throw value.Unsupported(reason);
    }

    /// <summary>Refuses the first field that was not taken. One that is null asks for nothing; clients send some along.</summary>
    /// <exception cref="OptionNotSupportedException">There is one.</exception>
    public void RefuseRest()
    {
        foreach (JsonProperty property in _element.EnumerateObject())
        {
            if (!_taken.Contains(property.Name) && property.Value.ValueKind != JsonValueKind.Null)
                throw new OptionNotSupportedException(PathOf(property.Name), "is not a field that this server honours. Leave it out.");
        }
    }

    private string PathOf(string name) => _path.Length == 0 ? Excerpt.Of(name) : $"{_path}.{Excerpt.Of(name)}";
}
