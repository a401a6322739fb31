using System.Text.Json;
using System.Text.Unicode;
using QwenSharp.Chat;

namespace QwenSharp.Training;

/// <summary>Reads examples from a file, streaming: lines of JSON (.jsonl), or plain text (.txt).</summary>
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
        ".JSONL" or ".NDJSON" => ReadLines(path),
        ".TXT" => ReadText(path),
        _ => throw new TrainingDataException($"{path}: training data is .jsonl (a conversation or a text a line) or .txt (plain text)."),
    };

    private IEnumerable<(ulong, ExampleText)> ReadLines(string path)
    {
        foreach ((long number, ReadOnlyMemory<byte> line, long position) in LineReader.Read(path))
        {
            (Position, Line) = (position, number);
            IEnumerable<(ulong, ExampleText)> examples = [];
            try
            {
                examples = ReadLine(line);
            }
            catch (Exception error) when (error is JsonException or TemplateException or InvalidOperationException)
            {
                // JsonElement says InvalidOperationException of text that is not Unicode.
                BadLine bad = new(
                    path,
                    number,
                    error is TemplateException ? $"the chat template refuses it: {error.Message}" : Reason(error));
                if (skipped is null)
                    throw new TrainingDataException(bad.ToString(), error);

                skipped(bad);
            }

            foreach ((ulong, ExampleText) example in examples)
                yield return example;
        }
    }

    private static string Reason(Exception error) =>
        error is JsonException { BytePositionInLine: { } column }
            ? $"column {column + 1}: {MessageJson.WithoutPosition(error)}"
            : error.Message;

    private IEnumerable<(ulong, ExampleText)> ReadLine(ReadOnlyMemory<byte> line)
    {
        if (!Utf8.IsValid(line.Span))
            throw new JsonException("The line is not UTF-8.");

        using JsonDocument document = JsonDocument.Parse(line, new JsonDocumentOptions { AllowDuplicateProperties = false });
        JsonElement json = document.RootElement;
        MessageJson.Expect(json, JsonValueKind.Object, "The line");
        if (json.TryGetProperty("text", out JsonElement text))
            return ReadDocument(json, text);
        if (!json.TryGetProperty("messages", out _))
            throw new JsonException("The line has neither \"messages\" nor \"text\".");
        if (_renderer is null)
            throw new JsonException("The model has no chat template to render \"messages\" with; it can learn from \"text\".");

        Conversation conversation = Conversation.Read(json);
        ulong hash = conversation.Hash(seed);
        return _renderer.Render(conversation).Select(example => (hash, example));
    }

    private IEnumerable<(ulong, ExampleText)> ReadDocument(JsonElement line, JsonElement text)
    {
        if (line.GetPropertyCount() > 1)
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
