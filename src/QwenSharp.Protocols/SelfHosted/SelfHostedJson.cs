using System.Text.Json.Serialization;

namespace QwenSharp.Protocols.SelfHosted;

/// <summary>How the wire types are written as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RerankReply))]
[JsonSerializable(typeof(ScoreReply))]
[JsonSerializable(typeof(TokenizeReply))]
[JsonSerializable(typeof(ContentTokens))]
[JsonSerializable(typeof(DetokenizeReply))]
[JsonSerializable(typeof(TemplateReply))]
[JsonSerializable(typeof(InfillReply))]
[JsonSerializable(typeof(ServerProperties))]
[JsonSerializable(typeof(IReadOnlyList<Slot>))]
[JsonSerializable(typeof(ServerVersion))]
[JsonSerializable(typeof(SelfHostedErrorReply))]
public sealed partial class SelfHostedJson : JsonSerializerContext;
