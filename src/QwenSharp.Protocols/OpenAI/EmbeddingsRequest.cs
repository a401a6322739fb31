using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>A <c>POST /v1/embeddings</c>.</summary>
public sealed record EmbeddingsRequest
{
    // As many texts as the protocol takes in a list.
    private const int MaxInputs = 2048;

    /// <summary>Which model is asked; null where the request leaves that to the server.</summary>
    public string? Model { get; init; }

    /// <summary>The texts, or their token ids; at least one.</summary>
    public required IReadOnlyList<CompletionPrompt> Inputs { get; init; }

    /// <summary>How many elements of each embedding are wanted; null for all.</summary>
    public int? Dimensions { get; init; }

    /// <summary>Whether embeddings come as base64 of 32-bit numbers, the lowest byte first, and not as lists of numbers.</summary>
    public bool AsBase64 { get; init; }

    /// <summary>Whether the end of a text that is longer than the context is left out.</summary>
    public bool Truncates { get; init; }

    /// <summary>The caller's own name for who asks; it goes to the request log.</summary>
    public string? User { get; init; }

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static EmbeddingsRequest Read(JsonElement body) => Read(RequestFields.Of(body));

    /// <summary>Reads a request's fields.</summary>
    /// <inheritdoc cref="Read(JsonElement)" path="/exception"/>
    public static EmbeddingsRequest Read(RequestFields fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        EmbeddingsRequest request = new()
        {
            Model = fields.Take("model")?.String(),
            Inputs = TextInputs.Read(fields.Require("input"), MaxInputs),
            Dimensions = (int?)fields.Take("dimensions")?.Integer(1, int.MaxValue),
            AsBase64 = fields.Take("encoding_format") is { } format && format.String() switch
            {
                "float" => false,
                "base64" => true,
                string other => throw format.Invalid($"must be float or base64, not '{Excerpt.Of(other)}'."),
            },
            Truncates = ReadTruncation(fields),
            User = fields.Take("user")?.String(),
        };
        fields.RefuseRest();
        return request;
    }

    // vLLM's field: -1 for as much as the model takes.
    private static bool ReadTruncation(RequestFields fields)
    {
        if (fields.Take("truncate_prompt_tokens") is not { } value)
            return false;

        return value.Integer(-1, int.MaxValue) == -1
            ? true
            : throw value.Unsupported("may only be -1, for as much as the model takes.");
    }
}
