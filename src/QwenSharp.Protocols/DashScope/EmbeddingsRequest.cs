using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.DashScope;

/// <summary>A <c>POST /api/v1/services/embeddings/text-embedding/text-embedding</c>.</summary>
public sealed record EmbeddingsRequest
{
    private const int MaxTexts = 2048;

    // What Qwen3-Embedding was trained to see before queries of whom nothing else is known.
    private const string QueryInstruction = "Given a web search query, retrieve relevant passages that answer the query";

    /// <summary>Which model is asked; null where the request leaves that to the server.</summary>
    public string? Model { get; init; }

    /// <summary>The texts, at least one.</summary>
    public required IReadOnlyList<CompletionPrompt> Texts { get; init; }

    /// <summary>How many elements of each embedding are wanted; null for all.</summary>
    public int? Dimensions { get; init; }

    /// <summary>For queries: the task that they come from; null for documents.</summary>
    public string? Instruction { get; init; }

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static EmbeddingsRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        string? model = fields.Take("model")?.String();
        RequestFields input = fields.Require("input").Fields();
        List<CompletionPrompt> texts = ReadTexts(input.Require("texts"));
        input.RefuseRest();
        EmbeddingsRequest request = fields.Take("parameters") is { } parameters
            ? ReadParameters(parameters.Fields(), texts)
            : new EmbeddingsRequest { Texts = texts };
        fields.RefuseRest();
        return request with { Model = model };
    }

    private static List<CompletionPrompt> ReadTexts(RequestValue value)
    {
        List<CompletionPrompt> texts = value.IsString
            ? [new CompletionPrompt { Text = value.String() }]
            : [.. value.Items().Select(item => new CompletionPrompt { Text = item.String() })];
        return texts.Count is > 0 and <= MaxTexts
            ? texts
            : throw value.Invalid($"must hold 1 to {MaxTexts} texts, not {texts.Count}.");
    }

    private static EmbeddingsRequest ReadParameters(RequestFields fields, List<CompletionPrompt> texts)
    {
        bool areQueries = fields.Take("text_type") is { } type && type.String() switch
        {
            "document" => false,
            "query" => true,
            string other => throw type.Invalid($"must be document or query, not '{Excerpt.Of(other)}'."),
        };
        string? instruction = null;
        if (fields.Take("instruct") is { } instruct)
        {
            instruction = areQueries
                ? instruct.String()
                : throw instruct.Conflict($"{new OptionName(instruct.Path)} is only allowed when {new OptionName("text_type")} is query.");
        }

        EmbeddingsRequest request = new()
        {
            Texts = texts,
            Dimensions = (int?)fields.Take("dimension")?.Integer(1, int.MaxValue),
            Instruction = areQueries ? instruction ?? QueryInstruction : null,
        };
        fields.Refuse(
            "output_type",
            value => value.ValueKind == JsonValueKind.String && value.ValueEquals("dense"),
            "is not built: embeddings are dense. Only \"dense\" is accepted.");
        fields.RefuseRest();
        return request;
    }
}
