using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>How the wire types are written as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ChatCompletion))]
[JsonSerializable(typeof(ChatCompletionChunk))]
[JsonSerializable(typeof(Completion))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelCard))]
[JsonSerializable(typeof(EmbeddingList))]
[JsonSerializable(typeof(Moderation))]
[JsonSerializable(typeof(FileObject))]
[JsonSerializable(typeof(Page<FileObject>))]
[JsonSerializable(typeof(Deletion))]
[JsonSerializable(typeof(BatchObject))]
[JsonSerializable(typeof(Page<BatchObject>))]
[JsonSerializable(typeof(BatchErrors))]
[JsonSerializable(typeof(OpenAIErrorReply))]
[JsonSerializable(typeof(TokenLogprob))]
[JsonSerializable(typeof(JsonObject))]
public sealed partial class OpenAIJson : JsonSerializerContext;
