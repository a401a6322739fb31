using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.SelfHosted;

/// <summary>A <c>POST /v1/score</c>, vLLM's: pairs of texts, of which the first is what is asked.</summary>
public sealed record ScoreRequest
{
    private const int MaxTexts = 2048;

    /// <summary>Which model is asked; null where the request leaves that to the server.</summary>
    public string? Model { get; init; }

    /// <summary>The queries: one for all documents, or one a document.</summary>
    public required IReadOnlyList<string> Queries { get; init; }

    /// <summary>The documents, at least one.</summary>
    public required IReadOnlyList<string> Documents { get; init; }

    /// <summary>What is looked for, a sentence; null for the model's default.</summary>
    public string? Instruction { get; init; }

    /// <summary>The caller's own name for who asks; it goes to the request log.</summary>
    public string? User { get; init; }

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static ScoreRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        ScoreRequest request = new()
        {
            Model = fields.Take("model")?.String(),
            Queries = ReadTexts(fields, "text_1", "queries"),
            Documents = ReadTexts(fields, "text_2", "documents"),
            Instruction = fields.Take("instruction")?.String(),
            User = fields.Take("user")?.String(),
        };
        fields.RefuseRest();
        return request.Queries.Count == 1 || request.Queries.Count == request.Documents.Count
            ? request
            : throw new OptionException(OptionFault.Of(
                FaultKind.Conflict,
                "text_1",
                $"holds {request.Queries.Count} texts and 'text_2' {request.Documents.Count}; give one for all, or as many."));
    }

    private static List<string> ReadTexts(RequestFields fields, string name, string otherName)
    {
        RequestValue value = fields.Take(otherName) ?? fields.Require(name);
        List<string> texts = value.IsString ? [value.String()] : [.. value.Items().Select(item => item.String())];
        return texts.Count is > 0 and <= MaxTexts
            ? texts
            : throw value.Invalid($"must hold 1 to {MaxTexts} texts, not {texts.Count}.");
    }
}
