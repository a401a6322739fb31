using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.Ollama;

/// <summary>A line of a reply of <c>/api/chat</c> or <c>/api/generate</c>, or all of it.</summary>
/// <param name="Model">Who answers, by the name that was asked for.</param>
/// <param name="CreatedAt">When it was written.</param>
public sealed record AnswerReply(string Model, DateTime CreatedAt)
{
    /// <summary>What is new, of a chat.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ReplyMessage? Message { get; init; }

    /// <summary>What is new, of a prompt.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Response { get; init; }

    /// <summary>What the model thinks, of a prompt.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Thinking { get; init; }

    /// <summary>The tokens of this line, where they were asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TokenLogprob>? Logprobs { get; init; }

    /// <summary>Whether this is the end.</summary>
    public bool Done { get; init; }

    /// <summary><c>stop</c>, <c>length</c>, <c>load</c> or <c>unload</c>, at the end.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DoneReason { get; init; }

    /// <summary>Nanoseconds that the request took.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? TotalDuration { get; init; }

    /// <summary>Nanoseconds that it waited for the model to be loaded.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? LoadDuration { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? PromptEvalCount { get; init; }

    /// <summary>Nanoseconds to the first token, waiting for a turn included.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? PromptEvalDuration { get; init; }

    /// <summary>Tokens of the answer.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? EvalCount { get; init; }

    /// <summary>Nanoseconds from the first token to the last.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? EvalDuration { get; init; }
}

/// <summary>What the model says in a chat.</summary>
/// <param name="Content">The text for the user.</param>
public sealed record ReplyMessage(string Content)
{
    /// <summary>Always <c>assistant</c>.</summary>
    public string Role { get; } = "assistant";

    /// <summary>What it thinks before.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Thinking { get; init; }

    /// <summary>The tools that it wants called.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ReplyCall>? ToolCalls { get; init; }
}

/// <summary>A call of a tool that the model asks for.</summary>
/// <param name="Id">Its name, which the tool's result may repeat.</param>
/// <param name="Function">What to call.</param>
public sealed record ReplyCall(string Id, ReplyFunction Function)
{
    private static readonly JsonTypeInfo Arguments = new JsonSerializerOptions(AIJsonUtilities.DefaultOptions)
    {
        // A model's arguments may be as deep as their reader takes; the object around them is one level more.
        MaxDepth = 128,
    }.GetTypeInfo(typeof(IDictionary<string, object?>));

    internal static ReplyCall Of(FunctionCallContent call, int index)
    {
        JsonElement arguments = JsonSerializer.SerializeToElement(call.Arguments ?? new Dictionary<string, object?>(), Arguments);
        return new ReplyCall(call.CallId, new ReplyFunction(index, call.Name, arguments));
    }
}

/// <summary>The function of a call.</summary>
/// <param name="Index">Its place among the message's calls.</param>
/// <param name="Name">Which tool.</param>
/// <param name="Arguments">A JSON object.</param>
public sealed record ReplyFunction(int Index, string Name, JsonElement Arguments);

/// <summary>One token that was chosen, or could have been.</summary>
/// <param name="Token">Its text, with U+FFFD for what is not a whole character.</param>
/// <param name="Logprob">The natural logarithm of its probability.</param>
/// <param name="Bytes">Its bytes.</param>
public sealed record TokenLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes)
{
    /// <summary>The likeliest tokens at its place, likeliest first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TokenLogprob>? TopLogprobs { get; init; }

    // JSON has no infinity.
    private const float Least = -9999;

    internal static TokenLogprob Of(TextToken token) =>
        new(token.Text, Math.Max(token.Logprob, Least), [.. token.Bytes.ToArray().Select(value => (int)value)])
        {
            TopLogprobs = token.Top.Count > 0 ? [.. token.Top.Select(Of)] : null,
        };
}

/// <summary>The reply of <c>/api/embed</c>.</summary>
/// <param name="Model">Who embedded.</param>
/// <param name="Embeddings">A vector a text.</param>
/// <param name="TotalDuration">Nanoseconds that the request took.</param>
/// <param name="LoadDuration">Nanoseconds that it waited for the model to be loaded.</param>
/// <param name="PromptEvalCount">Tokens of all texts.</param>
public sealed record EmbedReply(
    string Model, IReadOnlyList<ReadOnlyMemory<float>> Embeddings, long TotalDuration, long LoadDuration, long PromptEvalCount);

/// <summary>The reply of the older <c>/api/embeddings</c>.</summary>
/// <param name="Embedding">The vector.</param>
public sealed record EmbeddingReply(ReadOnlyMemory<float> Embedding);

/// <summary>The models of <c>/api/tags</c> and <c>/api/ps</c>.</summary>
/// <param name="Models">They.</param>
public sealed record ModelListReply(IReadOnlyList<ModelReply> Models);

/// <summary>A model in a list.</summary>
/// <param name="Name">Its name, with a tag.</param>
/// <param name="Model">The same.</param>
/// <param name="Size">Bytes of its files.</param>
/// <param name="Digest">64 hexadecimal digits that stand for its files.</param>
/// <param name="Details">What it is.</param>
public sealed record ModelReply(string Name, string Model, long Size, string Digest, ModelDetails Details)
{
    /// <summary>When it came.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? ModifiedAt { get; init; }

    /// <summary>When it is unloaded, if nobody asks for it before.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? ExpiresAt { get; init; }

    /// <summary>Bytes in memory of a graphics card: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SizeVram { get; init; }

    /// <summary>Positions of a sequence.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ContextLength { get; init; }
}

/// <summary>What a model is.</summary>
/// <param name="ParentModel">What it was created of; empty for nothing.</param>
/// <param name="Format"><c>gguf</c> or <c>safetensors</c>.</param>
/// <param name="Family">Its family, such as <c>qwen3</c>.</param>
/// <param name="Families">The same.</param>
/// <param name="ParameterSize">Its parameters, such as <c>4.0B</c>.</param>
/// <param name="QuantizationLevel">The type of most of its weights.</param>
public sealed record ModelDetails(
    string ParentModel, string Format, string Family, IReadOnlyList<string> Families, string ParameterSize, string QuantizationLevel);

/// <summary>The reply of <c>/api/show</c>.</summary>
/// <param name="Modelfile">How to make it again.</param>
/// <param name="Parameters">What it settles, a line each.</param>
/// <param name="Template">Its chat template, as it is in its files.</param>
/// <param name="Details">What it is.</param>
/// <param name="ModelInfo">Its metadata.</param>
/// <param name="Capabilities">What it can.</param>
/// <param name="ModifiedAt">When it came.</param>
public sealed record ShowReply(
    string Modelfile,
    string Parameters,
    string Template,
    ModelDetails Details,
    IReadOnlyDictionary<string, JsonNode?> ModelInfo,
    IReadOnlyList<string> Capabilities,
    DateTime ModifiedAt)
{
    /// <summary>Its licence, where its maker gave one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? License { get; init; }

    /// <summary>Its system message, where it settles one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? System { get; init; }

    /// <summary>The messages that its conversations begin with, where it settles some.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<Requests.PresetMessage>? Messages { get; init; }

    /// <summary>Its tensors, where everything was asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ReplyTensor>? Tensors { get; init; }
}

/// <summary>A tensor of a model.</summary>
/// <param name="Name">Its name in the checkpoint.</param>
/// <param name="Type">How its elements are stored, such as <c>Q4_K</c>.</param>
/// <param name="Shape">Lengths of its dimensions, the contiguous one first.</param>
public sealed record ReplyTensor(string Name, string Type, IReadOnlyList<long> Shape);

/// <summary>A line of what goes on, of <c>/api/pull</c> and <c>/api/create</c>; the last says <c>success</c>.</summary>
/// <param name="Status">What is done.</param>
public sealed record ProgressReply(string Status)
{
    /// <summary>The file at hand.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Digest { get; init; }

    /// <summary>Bytes that it has.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Total { get; init; }

    /// <summary>Bytes of it that are here.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Completed { get; init; }
}

/// <summary>The reply of <c>/api/version</c>.</summary>
/// <param name="Version">The version.</param>
public sealed record VersionReply(string Version);

/// <summary>How the wire types are written as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AnswerReply))]
[JsonSerializable(typeof(EmbedReply))]
[JsonSerializable(typeof(EmbeddingReply))]
[JsonSerializable(typeof(ModelListReply))]
[JsonSerializable(typeof(ShowReply))]
[JsonSerializable(typeof(ProgressReply))]
[JsonSerializable(typeof(VersionReply))]
[JsonSerializable(typeof(OllamaError))]
public sealed partial class OllamaJson : JsonSerializerContext;
