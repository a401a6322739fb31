using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.SelfHosted;

/// <summary>A <c>POST /v1/rerank</c>, in the form of Jina and Cohere that vLLM and llama-server share.</summary>
public sealed record RerankRequest
{
    private const int MaxDocuments = 2048;

    /// <summary>Which model is asked; null where the request leaves that to the server.</summary>
    public string? Model { get; init; }

    /// <summary>What is asked.</summary>
    public required string Query { get; init; }

    /// <summary>The documents, at least one.</summary>
    public required IReadOnlyList<string> Documents { get; init; }

    /// <summary>How many of the best are given; null for all.</summary>
    public int? Top { get; init; }

    /// <summary>Whether the reply repeats the documents.</summary>
    public bool ReturnsDocuments { get; init; } = true;

    /// <summary>What is looked for, a sentence; null for the model's default.</summary>
    public string? Instruction { get; init; }

    /// <summary>The caller's own name for who asks; it goes to the request log.</summary>
    public string? User { get; init; }

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static RerankRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        RerankRequest request = new()
        {
            Model = fields.Take("model")?.String(),
            Query = fields.Require("query").String(),
            Documents = ReadDocuments(fields.Require("documents")),
            Top = (int?)fields.Take("top_n")?.Integer(1, int.MaxValue),
            ReturnsDocuments = fields.Take("return_documents")?.Boolean() ?? true,
            Instruction = fields.Take("instruction")?.String(),
            User = fields.Take("user")?.String(),
        };
        fields.RefuseRest();
        return request;
    }

    private static List<string> ReadDocuments(RequestValue value)
    {
        List<string> documents = [.. value.Items().Select(ReadDocument)];
        return documents.Count is > 0 and <= MaxDocuments
            ? documents
            : throw value.Invalid($"must hold 1 to {MaxDocuments} documents, not {documents.Count}.");
    }

    // Cohere's clients send objects too.
    private static string ReadDocument(RequestValue item)
    {
        if (item.IsString)
            return item.String();

        RequestFields fields = item.Fields();
        string text = fields.Require("text").String();
        fields.RefuseRest();
        return text;
    }
}
