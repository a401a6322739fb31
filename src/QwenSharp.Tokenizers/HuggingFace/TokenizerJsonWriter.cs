using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace QwenSharp.Tokenizers;

/// <summary>
/// Writes a vocabulary as Hugging Face's <c>tokenizer.json</c>, in the form that Qwen's have and <see cref="TokenizerJson"/> reads.
/// </summary>
internal static class TokenizerJsonWriter
{
    public static byte[] Write(BpeVocabulary vocabulary, string pattern)
    {
        ArrayBufferWriter<byte> buffer = new(1 << 16);
        using (
            Utf8JsonWriter json = new(
                buffer,
                new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("version", "1.0");
            json.WriteNull("truncation");
            json.WriteNull("padding");
            json.WriteStartArray("added_tokens");
            foreach (AddedToken token in vocabulary.AddedTokens.OrderBy(token => token.Id))
                WriteAddedToken(token, json);

            json.WriteEndArray();
            WriteNormalizer(vocabulary.NormalizesToNfc, json);
            WritePreTokenizer(pattern, json);
            PostProcessorJson.Write(vocabulary, json);
            WriteByteLevel("decoder", json);
            WriteModel(vocabulary, json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteAddedToken(AddedToken token, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("id", token.Id);
        json.WriteString("content", token.Content);
        json.WriteBoolean("single_word", token.SingleWord);
        json.WriteBoolean("lstrip", token.StripsLeft);
        json.WriteBoolean("rstrip", token.StripsRight);
        json.WriteBoolean("normalized", token.IsNormalized);
        json.WriteBoolean("special", token.IsControl);
        json.WriteEndObject();
    }

    private static void WriteNormalizer(bool normalizesToNfc, Utf8JsonWriter json)
    {
        if (!normalizesToNfc)
        {
            json.WriteNull("normalizer");
            return;
        }

        json.WriteStartObject("normalizer");
        json.WriteString("type", "NFC");
        json.WriteEndObject();
    }

    private static void WritePreTokenizer(string pattern, Utf8JsonWriter json)
    {
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        json.WriteStartObject();
        json.WriteString("type", "Split");
        json.WriteStartObject("pattern");
        json.WriteString("Regex", pattern);
        json.WriteEndObject();
        json.WriteString("behavior", "Isolated");
        json.WriteBoolean("invert", false);
        json.WriteEndObject();
        WriteByteLevel(null, json);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void WriteByteLevel(string? name, Utf8JsonWriter json)
    {
        if (name is null)
            json.WriteStartObject();
        else
            json.WriteStartObject(name);

        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", false);
        json.WriteBoolean("use_regex", false);
        json.WriteEndObject();
    }

    private static void WriteModel(BpeVocabulary vocabulary, Utf8JsonWriter json)
    {
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteNull("unk_token");
        json.WriteString("continuing_subword_prefix", "");
        json.WriteString("end_of_word_suffix", "");
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", vocabulary.IgnoresMerges);
        json.WriteStartObject("vocab");
        HashSet<int> added = [.. vocabulary.AddedTokens.Select(token => token.Id)];
        for (int id = 0; id < vocabulary.Tokens.Count; id++)
        {
            if (vocabulary.Tokens[id].Length > 0 && !added.Contains(id))
                json.WriteNumber(vocabulary.Tokens[id], id);
        }

        json.WriteEndObject();
        json.WriteStartArray("merges");
        for (int rank = 0; rank < vocabulary.Merges.Count; rank++)
        {
            ReadOnlySpan<byte> merge = vocabulary.Merges[rank];
            int space = merge.IndexOf((byte)' ');
            if (space < 0)
                throw new TokenizerFormatException($"Merge {rank} is not two tokens with a space between.");

            json.WriteStartArray();
            json.WriteStringValue(merge[..space]);
            json.WriteStringValue(merge[(space + 1)..]);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
