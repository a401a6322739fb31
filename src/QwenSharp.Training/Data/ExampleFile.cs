using System.Text.Json;
using QwenSharp.Chat;

namespace QwenSharp.Training;

/// <summary>Reads examples from a file, streaming: rows of JSON (.jsonl, .json), or plain text (.txt).</summary>
/// <param name="template">The model's chat template; null for a model that has none, which then refuses conversations.</param>
/// <param name="seed">Of the hashes that the examples come with.</param>
/// <param name="skipped">Told of each line that is left out; null to stop at the first.</param>
internal sealed class ExampleFile(ChatTemplate? template, ulong seed, Action<BadLine>? skipped)
{
    private readonly ConversationRenderer? _renderer = template is null ? null : new ConversationRenderer(template);

    /// <summary>How many bytes of the present file are read.</summary>
    public long Position { get; private set; }

    /// <summary>The line, or in plain text the document, from 1, that the last example is of.</summary>
    public long Line { get; private set; }

    /// <summary>The examples; those of one line, and the parts of one document, have the same hash.</summary>
    /// <exception cref="TrainingDataException">The file is of no known kind, or a line of it cannot be used and none may be
    /// skipped.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public IEnumerable<(ulong Hash, ExampleText Text)> Read(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".JSONL" or ".NDJSON" or ".JSON" => ReadRows(path),
        ".TXT" => ReadText(path),
        _ => throw new TrainingDataException(
            $"{path}: training data is .jsonl (a conversation or a text a line), .json (the same, or one array of them) or .txt "
                + "(plain text)."),
    };

    private IEnumerable<(ulong, ExampleText)> ReadRows(string path)
    {
        bool isArray = RowFile.IsArray(path);
        foreach ((long number, ReadOnlyMemory<byte> row, long position) in RowFile.Read(path))
        {
            (Position, Line) = (position, number);
            IEnumerable<(ulong, ExampleText)> examples = [];
            try
            {
                examples = ReadRow(row);
            }
            catch (Exception error) when (error is JsonException or TemplateException or InvalidOperationException)
            {
                // JsonElement says InvalidOperationException of text that is not Unicode.
                BadLine bad = new(
                    path,
                    number,
                    error is TemplateException
                        ? $"the chat template refuses it: {error.Message}"
                        : TrainingRow.Reason(error, isArray));
                if (skipped is null)
                    throw new TrainingDataException(bad.ToString(), error);

                skipped(bad);
            }

            foreach ((ulong, ExampleText) example in examples)
                yield return example;
        }
    }

    private IEnumerable<(ulong, ExampleText)> ReadRow(ReadOnlyMemory<byte> row)
    {
        using JsonDocument document = TrainingRow.Parse(row);
        NormalRow normal = RowForm.Normalize(document.RootElement);
        if (RowForm.Has(normal.Json, "text"))
            return ReadDocument(normal.Json);
        if (_renderer is null)
            throw new JsonException("The model has no chat template to render a conversation with; it can learn from \"text\".");

        try
        {
            Conversation conversation = Conversation.Read(normal.Json);
            ulong hash = conversation.Hash(seed);
            return _renderer.Render(conversation).Select(example => (hash, example));
        }
        catch (JsonException fault)
            when (fault.BytePositionInLine is null && normal.Said(fault.Message) is var said && said != fault.Message)
        {
            throw new JsonException(said, fault);
        }
    }

    private IEnumerable<(ulong, ExampleText)> ReadDocument(JsonElement line)
    {
        JsonElement text = line.GetProperty("text");
        if (line.EnumerateObject().Any(field => field.Name != "text" && field.Value.ValueKind != JsonValueKind.Null))
            throw new JsonException("A line with \"text\" has no other field.");
        if (text.ValueKind != JsonValueKind.String || string.IsNullOrWhiteSpace(text.GetString()))
            throw new JsonException("\"text\" is not text, or blank.");

        return [(StableHash.Of(text.GetString()!, seed), ExampleText.Document(text.GetString()!, isEnd: true))];
    }

    private IEnumerable<(ulong, ExampleText)> ReadText(string path)
    {
        (Position, Line) = (0, 1);
        ulong? hash = null;
        foreach (ExampleText part in TextFile.Read(path))
        {
            hash ??= StableHash.Of(part.Text, seed);
            yield return (hash.Value, part);
            if (part.Kind == ExampleKind.Document)
                (hash, Line) = (null, Line + 1);
        }
    }
}
