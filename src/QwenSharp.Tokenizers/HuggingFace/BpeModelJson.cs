using System.Buffers;
using System.Text.Json;

namespace QwenSharp.Tokenizers;

/// <summary>The "model" of a <c>tokenizer.json</c>: 150,000 tokens and as many merges, read without making a string of each.</summary>
internal sealed class BpeModelJson
{
    private readonly ArrayBufferWriter<byte> _text = new(1 << 16);

    /// <summary>Where each token lies in the text, by id; an id that no token has has length 0.</summary>
    private (int Start, int Length)[] _tokens = [];

    private readonly List<(int Start, int Length)> _merges = [];
    private int _tokenCount;

    private BpeModelJson()
    {
    }

    public bool IgnoresMerges { get; private set; }

    public Utf8Strings Tokens => new(_tokenCount, id => Text(_tokens[id]));

    public Utf8Strings Merges => new(_merges.Count, rank => Text(_merges[rank]));

    public static BpeModelJson Read(ref Utf8JsonReader reader)
    {
        BpeModelJson model = new();
        bool hasVocabulary = false;
        bool hasMerges = false;
        TokenizerJson.Expect(ref reader, JsonTokenType.StartObject, "model");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            switch (name)
            {
                case "vocab":
                    model.ReadVocabulary(ref reader);
                    hasVocabulary = true;
                    break;
                case "merges":
                    model.ReadMerges(ref reader);
                    hasMerges = true;
                    break;
                default:
                    model.ReadOption(name, JsonElement.ParseValue(ref reader));
                    break;
            }
        }

        return hasVocabulary && hasMerges ? model : throw new TokenizerFormatException("tokenizer.json: \"model\" lacks \"vocab\" or \"merges\".");
    }

    private void ReadOption(string name, JsonElement value)
    {
        bool isEmpty = value.ValueKind == JsonValueKind.Null || value.ValueKind == JsonValueKind.String && value.ValueEquals("");
        switch (name)
        {
            case "type":
                TokenizerJson.Require(value.ValueEquals("BPE"), "model.type", value, "\"BPE\"");
                break;
            case "ignore_merges":
                IgnoresMerges = value.GetBoolean();
                break;
            case "dropout":
                TokenizerJson.Require(isEmpty || value.GetDouble() == 0, "model.dropout", value, "null");
                break;
            case "continuing_subword_prefix" or "end_of_word_suffix":
                TokenizerJson.Require(isEmpty, "model." + name, value, "null or \"\"");
                break;
            case "byte_fallback":
                TokenizerJson.Require(!value.GetBoolean(), "model." + name, value, "false");
                break;
            case "unk_token" or "fuse_unk":
                break; // Every byte is a token, so nothing is ever unknown.
            default:
                TokenizerJson.Require(false, "model." + name, value, "what Qwen's tokenizers have there");
                break;
        }
    }

    private void ReadVocabulary(ref Utf8JsonReader reader)
    {
        TokenizerJson.Expect(ref reader, JsonTokenType.StartObject, "model.vocab");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            int start = _text.WrittenCount;
            Append(ref reader);
            reader.Read();
            int id = reader.GetInt32();
            if (id is < 0 or >= TokenBytes.MaxTokens)
                throw new TokenizerFormatException($"tokenizer.json: model.vocab has the id {id}; ids are 0 to {TokenBytes.MaxTokens - 1}.");

            if (id >= _tokens.Length)
                Array.Resize(ref _tokens, Math.Max(id + 1, _tokens.Length * 2));
            if (_tokens[id].Length > 0)
                throw new TokenizerFormatException($"tokenizer.json: model.vocab gives the id {id} to two tokens.");
            _tokens[id] = (start, _text.WrittenCount - start);
            _tokenCount = Math.Max(_tokenCount, id + 1);
        }
    }

    /// <summary>Each merge is a string "a b" or, in newer files, a pair ["a", "b"].</summary>
    private void ReadMerges(ref Utf8JsonReader reader)
    {
        TokenizerJson.Expect(ref reader, JsonTokenType.StartArray, "model.merges");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            int start = _text.WrittenCount;
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                reader.Read();
                Append(ref reader);
                _text.Write(" "u8);
                reader.Read();
                Append(ref reader);
                reader.Read();
                TokenizerJson.Expect(ref reader, JsonTokenType.EndArray, "the end of a merge");
            }
            else
            {
                Append(ref reader);
            }

            _merges.Add((start, _text.WrittenCount - start));
        }
    }

    private void Append(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.PropertyName)
            TokenizerJson.Expect(ref reader, JsonTokenType.String, "a token");
        Span<byte> target = _text.GetSpan(reader.ValueSpan.Length + 1);
        _text.Advance(reader.CopyString(target));
    }

    private ReadOnlySpan<byte> Text((int Start, int Length) place) => _text.WrittenSpan.Slice(place.Start, place.Length);
}
