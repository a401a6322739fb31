using System.Text.Json;

namespace QwenSharp.Tokenizers;

/// <summary>The <c>post_processor</c> of a <c>tokenizer.json</c>: which tokens stand around a text that is a sequence of its own.</summary>
internal static class PostProcessorJson
{
    private const string Supported = "null, ByteLevel, TemplateProcessing with one text, or a Sequence of these";

    /// <exception cref="TokenizerFormatException">It asks for something else.</exception>
    public static (int[] Prefix, int[] Suffix) Read(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null)
            return ([], []);

        switch (TokenizerJson.TypeOf(value))
        {
            case "ByteLevel": // moves offsets, not ids
                return ([], []);
            case "TemplateProcessing":
                return ReadTemplate(value);
            case "Sequence":
                (int[] prefix, int[] suffix) = ([], []);
                foreach (JsonElement step in value.GetProperty("processors").EnumerateArray())
                {
                    (int[] before, int[] after) = Read(step);
                    (prefix, suffix) = ([.. before, .. prefix], [.. suffix, .. after]);
                }

                return (prefix, suffix);
            default:
                throw TokenizerJson.Unsupported("post_processor", value, Supported);
        }
    }

    // "pair" says the same of two texts, which nobody here encodes as one sequence.
    private static (int[] Prefix, int[] Suffix) ReadTemplate(JsonElement template)
    {
        List<int> prefix = [], suffix = [];
        bool isBehindText = false;
        foreach (JsonElement piece in template.GetProperty("single").EnumerateArray())
        {
            if (piece.TryGetProperty("SpecialToken", out JsonElement token))
            {
                JsonElement ids = template
                    .GetProperty("special_tokens")
                    .GetProperty(token.GetProperty("id").GetString() ?? "")
                    .GetProperty("ids");
                (isBehindText ? suffix : prefix).AddRange(ids.EnumerateArray().Select(id => id.GetInt32()));
            }
            else
            {
                TokenizerJson.Require(
                    !isBehindText && piece.TryGetProperty("Sequence", out JsonElement text) && text.GetProperty("id").ValueEquals("A"),
                    "post_processor",
                    template,
                    Supported);
                isBehindText = true;
            }
        }

        TokenizerJson.Require(isBehindText, "post_processor", template, Supported);
        return ([.. prefix], [.. suffix]);
    }

    public static void Write(BpeVocabulary vocabulary, Utf8JsonWriter json)
    {
        const string name = "post_processor";
        if (vocabulary.SequencePrefix.Count + vocabulary.SequenceSuffix.Count == 0)
        {
            TokenizerJsonWriter.WriteByteLevel(name, json);
            return;
        }

        json.WriteStartObject(name);
        json.WriteString("type", "Sequence");
        json.WriteStartArray("processors");
        TokenizerJsonWriter.WriteByteLevel(null, json);
        json.WriteStartObject();
        json.WriteString("type", "TemplateProcessing");
        json.WriteStartArray("single");
        WriteTokens(vocabulary.SequencePrefix);
        WritePiece("Sequence", "A", 0);
        WriteTokens(vocabulary.SequenceSuffix);
        json.WriteEndArray();
        json.WriteStartArray("pair");
        for (int text = 0; text < 2; text++)
        {
            WriteTokens(vocabulary.SequencePrefix, text);
            WritePiece("Sequence", text == 0 ? "A" : "B", text);
            WriteTokens(vocabulary.SequenceSuffix, text);
        }

        json.WriteEndArray();
        json.WriteStartObject("special_tokens");
        foreach (int id in vocabulary.SequencePrefix.Concat(vocabulary.SequenceSuffix).Distinct())
        {
            string spelling = Spelling(id);
            json.WriteStartObject(spelling);
            json.WriteString("id", spelling);
            json.WriteStartArray("ids");
            json.WriteNumberValue(id);
            json.WriteEndArray();
            json.WriteStartArray("tokens");
            json.WriteStringValue(spelling);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();

        void WriteTokens(IReadOnlyList<int> ids, int text = 0)
        {
            foreach (int id in ids)
                WritePiece("SpecialToken", Spelling(id), text);
        }

        void WritePiece(string kind, string id, int text)
        {
            json.WriteStartObject();
            json.WriteStartObject(kind);
            json.WriteString("id", id);
            json.WriteNumber("type_id", text);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        string Spelling(int id) =>
            vocabulary.AddedTokens.FirstOrDefault(token => token.Id == id)?.Content
            ?? throw new TokenizerFormatException(
                $"Token {id}, which stands around a sequence, is no added token; a tokenizer.json names those alone.");
    }
}
