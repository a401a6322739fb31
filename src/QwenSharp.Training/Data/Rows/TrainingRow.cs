using System.Text.Json;
using System.Text.Unicode;
using QwenSharp.Chat.Conversations;

namespace QwenSharp.Training;

/// <summary>A row of a data file, whatever form it was written in.</summary>
public sealed class TrainingRow
{
    private TrainingRow(long line, JsonElement json)
    {
        (Line, Json) = (line, json);
    }

    /// <summary>The line that it begins on, from 1.</summary>
    public long Line { get; }

    /// <summary>A conversation in OpenAI's form, <c>{"messages": […], …}</c>, or a text, <c>{"text": "…"}</c>.</summary>
    public JsonElement Json { get; }

    /// <summary>
    /// Reads the rows of a file, JSON Lines or one JSON array, of all the forms that training reads (see <see cref="TrainingData"/>).
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="TrainingDataException">A row is of no known form; the message names file, line and field.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IEnumerable<TrainingRow> ReadFile(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        bool isArray = RowFile.IsArray(path);
        foreach ((long line, ReadOnlyMemory<byte> row, _) in RowFile.Read(path))
        {
            TrainingRow read;
            try
            {
                using JsonDocument document = Parse(row);
                read = new TrainingRow(line, RowForm.Normalize(document.RootElement).Json.Clone());
            }
            catch (Exception fault) when (fault is JsonException or InvalidOperationException)
            {
                throw new TrainingDataException(new BadLine(path, line, Reason(fault, isArray)).ToString(), fault);
            }

            yield return read;
        }
    }

    /// <summary>Parses a row.</summary>
    /// <exception cref="JsonException">It is not JSON in UTF-8.</exception>
    internal static JsonDocument Parse(ReadOnlyMemory<byte> row) =>
        Utf8.IsValid(row.Span)
            ? JsonDocument.Parse(row, new JsonDocumentOptions { AllowDuplicateProperties = false })
            : throw new JsonException("The line is not UTF-8.");

    /// <summary>What is wrong with a row: of a line, with its column.</summary>
    internal static string Reason(Exception fault, bool isArray) =>
        fault is JsonException { BytePositionInLine: { } column }
            ? isArray ? JsonFields.WithoutPosition(fault) : $"column {column + 1}: {JsonFields.WithoutPosition(fault)}"
            : fault.Message;
}
