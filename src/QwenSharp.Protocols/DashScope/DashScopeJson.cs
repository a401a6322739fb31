using System.Text.Json.Serialization;

namespace QwenSharp.Protocols.DashScope;

/// <summary>How the wire types are written as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(GenerationReply))]
[JsonSerializable(typeof(EmbeddingsReply))]
[JsonSerializable(typeof(DashScopeError))]
public sealed partial class DashScopeJson : JsonSerializerContext;
