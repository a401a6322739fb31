using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The body of <c>POST /v1/batches</c>.</summary>
public sealed record BatchRequest
{
    private const int MaxNotes = 16;
    private const int MaxNoteName = 64;
    private const int MaxNote = 512;

    private BatchRequest()
    {
    }

    /// <summary>The file of its lines.</summary>
    public required string InputFile { get; init; }

    /// <summary>What answers them.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The client's own notes, as a JSON object; null for none.</summary>
    public string? Metadata { get; init; }

    /// <summary>Reads a request.</summary>
    /// <param name="body">Its JSON.</param>
    /// <param name="endpoints">What may answer lines here.</param>
    /// <exception cref="OptionException">A field is missing, or has a wrong value.</exception>
    /// <exception cref="OptionNotSupportedException">A field cannot be honoured.</exception>
    public static BatchRequest Read(JsonElement body, IReadOnlyCollection<string> endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        RequestFields fields = RequestFields.Of(body);
        string file = fields.Require("input_file_id").String();
        RequestValue endpoint = fields.Require("endpoint");
        if (!endpoints.Contains(endpoint.String()))
            throw endpoint.Invalid($"is '{Excerpt.Of(endpoint.String())}'; it must be one of {string.Join(", ", endpoints)}.");

        RequestValue window = fields.Require("completion_window");
        if (window.String() != "24h")
            throw window.Invalid("must be '24h'.");

        string? metadata = fields.Take("metadata") is { } notes ? ReadNotes(notes) : null;
        fields.RefuseRest();
        return new BatchRequest { InputFile = file, Endpoint = endpoint.String(), Metadata = metadata };
    }

    private static string ReadNotes(RequestValue notes)
    {
        if (notes.Element.ValueKind != JsonValueKind.Object)
            throw notes.WrongType("an object");

        JsonProperty[] all = [.. notes.Element.EnumerateObject()];
        return all.Length <= MaxNotes
            && all.All(note => note.Value.ValueKind == JsonValueKind.String
                && note.Name.Length <= MaxNoteName
                && note.Value.GetString()!.Length <= MaxNote)
            ? notes.Element.GetRawText()
            : throw notes.Invalid($"may have {MaxNotes} texts at most, with names of up to {MaxNoteName} characters and {MaxNote} each.");
    }
}
