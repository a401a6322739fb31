using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace QwenSharp.Protocols.SelfHosted;

/// <summary>vLLM's reply of <c>/tokenize</c>.</summary>
/// <param name="Count">How many tokens there are.</param>
/// <param name="MaxModelLen">How many the context has room for.</param>
/// <param name="Tokens">The ids.</param>
/// <param name="TokenStrs">What each spells, where that was asked for; U+FFFD for what is no whole character.</param>
public sealed record TokenizeReply(int Count, int MaxModelLen, IReadOnlyList<int> Tokens, IReadOnlyList<string>? TokenStrs);

/// <summary>llama-server's reply of <c>/tokenize</c>.</summary>
/// <param name="Tokens">The ids, or ids with what they spell.</param>
public sealed record ContentTokens(IReadOnlyList<ContentToken> Tokens);

/// <summary>A token of llama-server's reply: a number, or where pieces were asked for an object.</summary>
/// <param name="Id">The id.</param>
/// <param name="Piece">Its bytes; null where they were not asked for.</param>
[JsonConverter(typeof(ContentTokenConverter))]
public sealed record ContentToken(int Id, ReadOnlyMemory<byte>? Piece);

/// <summary>The reply of <c>/detokenize</c>, for clients of both servers.</summary>
/// <param name="Prompt">The text, by vLLM's name.</param>
/// <param name="Content">The text, by llama-server's.</param>
public sealed record DetokenizeReply(string Prompt, string Content);

/// <summary>The reply of <c>/apply-template</c>.</summary>
/// <param name="Prompt">The prompt.</param>
public sealed record TemplateReply(string Prompt);

/// <summary>Writes tokens.</summary>
public sealed class ContentTokenConverter : JsonConverter<ContentToken>
{
    /// <summary>Tokens are only written.</summary>
    public override ContentToken Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Tokens are only written.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ContentToken value, JsonSerializerOptions options)
    {
        if (value.Piece is not { } piece)
        {
            writer.WriteNumberValue(value.Id);
            return;
        }

        writer.WriteStartObject();
        writer.WriteNumber("id", value.Id);
        if (Utf8.IsValid(piece.Span))
        {
            writer.WriteString("piece", Encoding.UTF8.GetString(piece.Span));
        }
        else
        {
            writer.WriteStartArray("piece");
            foreach (byte part in piece.Span)
                writer.WriteNumberValue(part);

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}
