using System.Text.Json;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>
/// The fields of one JSON object of a request. Each is taken by name; <see cref="RefuseRest"/> refuses the first that nobody took,
/// so that a field is either honoured or refused.
/// </summary>
internal sealed class RequestFields(JsonElement element, string path)
{
    private readonly HashSet<string> _taken = [];

    /// <summary>The fields of a request's body.</summary>
    /// <exception cref="OpenAIException">The body is not a JSON object.</exception>
    public static RequestFields Of(JsonElement body) => body.ValueKind == JsonValueKind.Object
        ? new RequestFields(body, "")
        : throw OpenAIException.BadRequest("The request's body must be a JSON object.", "invalid_json");

    /// <summary>A field's value, or nothing where it is absent or null, which the protocol takes as the same.</summary>
    public RequestValue? Take(string name)
    {
        _taken.Add(name);
        return element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? new RequestValue(value, PathOf(name))
            : null;
    }

    /// <summary>The value of a field that must be there.</summary>
    public RequestValue Require(string name) => Take(name)
        ?? throw OpenAIException.Invalid(PathOf(name), $"'{PathOf(name)}' is required.", "missing_required_parameter");

    /// <summary>A field that is known, of which only values that ask for nothing are accepted.</summary>
    /// <param name="name">The field.</param>
    /// <param name="isNeutral">Whether a value asks for no more than what happens anyway.</param>
    /// <param name="reason">Why other values are refused, as the end of a sentence that starts with the field.</param>
    public void Refuse(string name, Func<JsonElement, bool> isNeutral, string reason)
    {
        if (Take(name) is { } value && !isNeutral(value.Element))
            throw OpenAIException.Unsupported(PathOf(name), $"'{PathOf(name)}' {reason}");
    }

    /// <summary>Refuses the first field that was not taken. One that is null asks for nothing; OpenAI's clients send some along.</summary>
    public void RefuseRest()
    {
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!_taken.Contains(property.Name) && property.Value.ValueKind != JsonValueKind.Null)
            {
                throw OpenAIException.Unsupported(
                    PathOf(property.Name),
                    $"'{PathOf(property.Name)}' is not a field that this server honours. Leave it out.");
            }
        }
    }

    private string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";
}
