using QwenSharp.Protocols.Anthropic;
using QwenSharp.Server.Batches;
using QwenSharp.Server.Dialects;

namespace QwenSharp.Server.Anthropic;

/// <summary>Anthropic's batches of messages: their lines come with the request, and their results stay with them.</summary>
internal sealed class AnthropicBatchForm(IDialect dialect, RequestDelegate messages) : IBatchForm
{
    /// <inheritdoc/>
    public string Name => "anthropic";

    /// <inheritdoc/>
    public IDialect Dialect => dialect;

    /// <inheritdoc/>
    public bool MakesFiles => false;

    /// <inheritdoc/>
    public RequestDelegate EndpointOf(string endpoint) => messages;

    /// <inheritdoc/>
    public (IReadOnlyList<BatchLine> Lines, string? Errors) Read(Batch batch, byte[]? content) =>
        throw new InvalidOperationException("No lines of this form come as a file.");

    /// <inheritdoc/>
    public byte[] Word(BatchLine line, LineState state, InnerReply? reply) => MessageBatchLines.Write(
        line.CustomId,
        state switch
        {
            LineState.Succeeded => "succeeded",
            LineState.Errored => "errored",
            LineState.Expired => "expired",
            _ => "canceled",
        },
        reply?.Body);
}
