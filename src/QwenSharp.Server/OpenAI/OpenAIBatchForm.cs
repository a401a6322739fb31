using System.Text.Json;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Server.Batches;
using QwenSharp.Server.Dialects;

namespace QwenSharp.Server.OpenAI;

/// <summary>OpenAI's batches: their lines come as a file, and their results are two.</summary>
/// <param name="dialect">The dialect.</param>
/// <param name="endpoints">What may answer lines, by path.</param>
internal sealed class OpenAIBatchForm(IDialect dialect, IReadOnlyDictionary<string, RequestDelegate> endpoints) : IBatchForm
{
    /// <inheritdoc/>
    public string Name => "openai";

    /// <inheritdoc/>
    public IDialect Dialect => dialect;

    /// <inheritdoc/>
    public bool MakesFiles => true;

    /// <summary>The paths that may be asked.</summary>
    public IReadOnlyCollection<string> Endpoints => [.. endpoints.Keys];

    /// <inheritdoc/>
    public RequestDelegate EndpointOf(string endpoint) => endpoints[endpoint];

    /// <inheritdoc/>
    public (IReadOnlyList<BatchLine> Lines, string? Errors) Read(Batch batch, byte[]? content)
    {
        (IReadOnlyList<(string CustomId, byte[] Body)> lines, IReadOnlyList<BatchError> errors) = content is null
            ? ([], [new BatchError("invalid_input_file", "The input file is gone.", "input_file_id", null)])
            : BatchLines.Read(content, batch.Endpoint);
        return errors.Count > 0
            ? ([], JsonSerializer.Serialize(new BatchErrors(errors), OpenAIJson.Default.BatchErrors))
            : ([.. lines.Select((line, number) => new BatchLine(number, line.CustomId, line.Body))], null);
    }

    /// <inheritdoc/>
    public byte[] Word(BatchLine line, LineState state, InnerReply? reply) => BatchLines.Write(
        $"batch_req_{Guid.NewGuid():N}",
        line.CustomId,
        reply?.Status,
        reply?.RequestId,
        reply?.Body,
        state == LineState.Expired ? "batch_expired" : "batch_cancelled",
        state == LineState.Expired
            ? "This request could not be answered before the batch expired."
            : "This request was not answered, as the batch was cancelled.");
}
