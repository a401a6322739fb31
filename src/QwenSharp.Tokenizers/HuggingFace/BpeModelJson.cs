using System.Runtime.CompilerServices;
using System.Text.Json;

namespace QwenSharp.Tokenizers;

/// <summary>The "model" of a <c>tokenizer.json</c>: 150,000 tokens and as many merges, read without making a string of each.</summary>
internal sealed class BpeModelJson
{
    private readonly Utf8Text _text = new();

    /// <summary>Where each token lies in the text, by id; an id that no token has has length 0.</summary>
    private (int Start, int Length)[] _tokens = [];

    private readonly List<(int Start, int Length)> _merges = [];
    private int _tokenCount;

    private BpeModelJson()
    {
    }

    public bool IgnoresMerges { get; private set; }

    public Utf8Strings Tokens => new(_tokenCount, id => _text[_tokens[id]]);

    public Utf8Strings Merges => new(_merges.Count, rank => _text[_merges[rank]]);

    /// <summary>Reads the object at whose start the reader stands, and leaves the reader at its end.</summary>
    /// <param name="json">The whole file.</param>
    /// <param name="reader">The reader, which is replaced by one that goes on after the parts read without it.</param>
    /// <param name="readerStart">Where in the file the reader began.</param>
    public static BpeModelJson Read(ReadOnlySpan<byte> json, ref Utf8JsonReader reader, ref int readerStart)
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
                    TokenizerJson.Expect(ref reader, JsonTokenType.StartObject, "model.vocab");
                    SkipTo(model.ReadVocabulary(json, readerStart + (int)reader.TokenStartIndex), json, ref reader, ref readerStart);
                    hasVocabulary = true;
                    break;
                case "merges":
                    TokenizerJson.Expect(ref reader, JsonTokenType.StartArray, "model.merges");
                    SkipTo(model.ReadMerges(json, readerStart + (int)reader.TokenStartIndex), json, ref reader, ref readerStart);
                    hasMerges = true;
                    break;
                default:
                    model.ReadOption(name, JsonElement.ParseValue(ref reader));
                    break;
            }
        }

        return hasVocabulary && hasMerges
            ? model
            : throw new TokenizerFormatException("tokenizer.json: \"model\" lacks \"vocab\" or \"merges\".");
    }

    /// <summary>Lets the reader go on at the closing bracket of a container, as if the container were empty.</summary>
    private static void SkipTo(int position, ReadOnlySpan<byte> json, ref Utf8JsonReader reader, ref int readerStart)
    {
        reader = new Utf8JsonReader(json[position..], isFinalBlock: true, reader.CurrentState);
        readerStart = position;
        reader.Read();
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

    /// <summary>Returns where the closing bracket is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ReadVocabulary(ReadOnlySpan<byte> file, int position)
    {
        JsonScanner json = new(file, position);
        json.Take((byte)'{');
        bool isMore = json.Peek() != '}';
        while (isMore)
        {
            int start = _text.Length;
            json.ReadString(_text);
            json.Take((byte)':');
            int id = json.ReadInt32();
            isMore = json.TakeComma((byte)'}');
            if (id is < 0 or >= TokenBytes.MaxTokens)
            {
                throw new TokenizerFormatException(
                    $"tokenizer.json: model.vocab has the id {id}; ids are 0 to {TokenBytes.MaxTokens - 1}.");
            }

            if (id >= _tokens.Length)
                Array.Resize(ref _tokens, Math.Max(id + 1, _tokens.Length * 2));
            if (_tokens[id].Length > 0)
                throw new TokenizerFormatException($"tokenizer.json: model.vocab gives the id {id} to two tokens.");
            _tokens[id] = (start, _text.Length - start);
            _tokenCount = Math.Max(_tokenCount, id + 1);
        }

        return json.Position;
    }

    /// <summary>Each merge is a string "a b" or, in newer files, a pair ["a", "b"]. Returns where the closing bracket is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ReadMerges(ReadOnlySpan<byte> file, int position)
    {
        JsonScanner json = new(file, position);
        json.Take((byte)'[');
        bool isMore = json.Peek() != ']';
        while (isMore)
        {
            int start = _text.Length;
            if (json.TryTake((byte)'['))
            {
                json.ReadString(_text);
                _text.Append(" "u8);
                json.Take((byte)',');
                json.ReadString(_text);
                json.Take((byte)']');
            }
            else
            {
                json.ReadString(_text);
            }

            _merges.Add((start, _text.Length - start));
            isMore = json.TakeComma((byte)']');
        }

        return json.Position;
    }
}
