using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>A <c>POST /v1/moderations</c>.</summary>
public sealed record ModerationRequest
{
    // Each text is an answer of the model.
    private const int MaxInputs = 128;

    /// <summary>Which model is asked; null for the one that there is.</summary>
    public string? Model { get; init; }

    /// <summary>The texts, at least one; each is judged by itself. Parts of one message are one text.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static ModerationRequest Read(JsonElement body) => Read(RequestFields.Of(body));

    /// <summary>Reads a request's fields.</summary>
    /// <inheritdoc cref="Read(JsonElement)" path="/exception"/>
    public static ModerationRequest Read(RequestFields fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        ModerationRequest request = new()
        {
            Model = fields.Take("model")?.String(),
            Inputs = ReadInputs(fields.Require("input")),
        };
        fields.RefuseRest();
        return request;
    }

    private static List<string> ReadInputs(RequestValue input)
    {
        if (input.IsString)
            return [input.String()];

        List<RequestValue> items = [.. input.Items()];
        if (items.Count is 0 or > MaxInputs)
            throw input.Invalid($"must hold 1 to {MaxInputs} texts, not {items.Count}.");

        return items[0].IsString
            ? [.. items.Select(item => item.String())]
            : [string.Join('\n', items.Select(ReadPart))];
    }

    private static string ReadPart(RequestValue part)
    {
        RequestFields fields = part.Fields();
        RequestValue type = fields.Require("type");
        if (type.String() != "text")
            throw type.Unsupported($"is '{Excerpt.Of(type.String())}', but this server judges only 'text'.");

        string text = fields.Require("text").String();
        fields.RefuseRest();
        return text;
    }
}
