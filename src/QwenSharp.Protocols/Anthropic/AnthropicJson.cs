using System.Text.Json.Serialization;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>How the wire types are written as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Message))]
[JsonSerializable(typeof(MessageEvent))]
[JsonSerializable(typeof(TokenCount))]
[JsonSerializable(typeof(ModelPage))]
[JsonSerializable(typeof(ModelInfo))]
[JsonSerializable(typeof(MessageBatch))]
[JsonSerializable(typeof(MessageBatchPage))]
[JsonSerializable(typeof(DeletedMessageBatch))]
public sealed partial class AnthropicJson : JsonSerializerContext;
