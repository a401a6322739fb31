using System.Text.Json.Serialization;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>An event of a streamed message.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(MessageStart), "message_start")]
[JsonDerivedType(typeof(ContentBlockStart), "content_block_start")]
[JsonDerivedType(typeof(ContentBlockDelta), "content_block_delta")]
[JsonDerivedType(typeof(ContentBlockStop), "content_block_stop")]
[JsonDerivedType(typeof(MessageDelta), "message_delta")]
[JsonDerivedType(typeof(MessageStop), "message_stop")]
[JsonDerivedType(typeof(Ping), "ping")]
[JsonDerivedType(typeof(ErrorReply), "error")]
public abstract record MessageEvent
{
    /// <summary>The event's name, which is its type.</summary>
    [JsonIgnore]
    public abstract string Name { get; }
}

/// <summary>The message begins.</summary>
/// <param name="Message">The message, without content.</param>
public sealed record MessageStart(Message Message) : MessageEvent
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Name => "message_start";
}

/// <summary>A block begins.</summary>
/// <param name="Index">Its place in the content, from 0.</param>
/// <param name="ContentBlock">The block, empty.</param>
public sealed record ContentBlockStart(int Index, ContentBlock ContentBlock) : MessageEvent
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Name => "content_block_start";
}

/// <summary>A block goes on.</summary>
/// <param name="Index">Its place.</param>
/// <param name="Delta">What is added.</param>
public sealed record ContentBlockDelta(int Index, BlockDelta Delta) : MessageEvent
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Name => "content_block_delta";
}

/// <summary>A block ends.</summary>
/// <param name="Index">Its place.</param>
public sealed record ContentBlockStop(int Index) : MessageEvent
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Name => "content_block_stop";
}

/// <summary>The message has ended.</summary>
/// <param name="Delta">Why.</param>
/// <param name="Usage">The tokens that it took.</param>
public sealed record MessageDelta(MessageEnd Delta, MessageUsage Usage) : MessageEvent
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Name => "message_delta";
}

/// <summary>Why a message ended.</summary>
/// <param name="StopReason">See <see cref="Message.StopReason"/>.</param>
/// <param name="StopSequence">See <see cref="Message.StopSequence"/>.</param>
public sealed record MessageEnd(string StopReason, string? StopSequence);

/// <summary>The last event.</summary>
public sealed record MessageStop : MessageEvent
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Name => "message_stop";
}

/// <summary>A sign of life.</summary>
public sealed record Ping : MessageEvent
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Name => "ping";
}

/// <summary>The body of a reply that reports an error, and the last event of a stream that failed.</summary>
/// <param name="Error">The error.</param>
/// <param name="RequestId">The request's name, under which the server's log says more; null where it has none.</param>
public sealed record ErrorReply(ErrorDetail Error, string? RequestId) : MessageEvent
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Name => "error";
}

/// <summary>An error.</summary>
/// <param name="Type">The class of error.</param>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="Details">What clients recover by themselves from; null for all else.</param>
public sealed record ErrorDetail(
    string Type,
    string Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RecoverableDetails? Details = null);

/// <summary>What a client may leave out of the same request, sent again.</summary>
/// <param name="ErrorCode">A word for programs.</param>
/// <param name="Unsupported">What this server has not.</param>
public sealed record RecoverableDetails(string ErrorCode, IReadOnlyList<string> Unsupported);
