using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The reply of <c>/v1/embeddings</c>.</summary>
/// <param name="Data">The embeddings, in the order of the texts.</param>
/// <param name="Model">Who made them.</param>
/// <param name="Usage">The tokens that were read.</param>
public sealed record EmbeddingList(IReadOnlyList<EmbeddingItem> Data, string Model, EmbeddingUsage Usage)
{
    /// <summary>Always <c>list</c>.</summary>
    public string Object { get; } = "list";
}

/// <summary>One embedding.</summary>
/// <param name="Index">Its place, from 0.</param>
/// <param name="Embedding">Its elements.</param>
public sealed record EmbeddingItem(int Index, EmbeddingVector Embedding)
{
    /// <summary>Always <c>embedding</c>.</summary>
    public string Object { get; } = "embedding";
}

/// <summary>The elements of an embedding, and how they are written.</summary>
/// <param name="Elements">The numbers.</param>
/// <param name="AsBase64">Whether as base64 of 32-bit numbers, the lowest byte first, and not as a list.</param>
[JsonConverter(typeof(EmbeddingVectorConverter))]
public sealed record EmbeddingVector(ReadOnlyMemory<float> Elements, bool AsBase64);

/// <summary>The tokens that a request for embeddings took.</summary>
/// <param name="PromptTokens">Tokens of the texts, with what the model has around each.</param>
/// <param name="TotalTokens">The same.</param>
public sealed record EmbeddingUsage(long PromptTokens, long TotalTokens);

/// <summary>Writes embeddings.</summary>
public sealed class EmbeddingVectorConverter : JsonConverter<EmbeddingVector>
{
    /// <summary>Embeddings are only written.</summary>
    public override EmbeddingVector Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Embeddings are only written.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, EmbeddingVector value, JsonSerializerOptions options)
    {
        ReadOnlySpan<float> elements = value.Elements.Span;
        if (value.AsBase64)
        {
            byte[] bytes = new byte[sizeof(float) * elements.Length];
            for (int i = 0; i < elements.Length; i++)
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(sizeof(float) * i), elements[i]);

            writer.WriteBase64StringValue(bytes);
            return;
        }

        writer.WriteStartArray();
        foreach (float element in elements)
            writer.WriteNumberValue(element);

        writer.WriteEndArray();
    }
}
