using System.Text.Json;
using QwenSharp.Faults;

namespace QwenSharp.Tokenizers;

/// <summary>
/// Reads and writes Hugging Face's <c>tokenizer.json</c>. What the file asks for is done as the <c>tokenizers</c> library does it, or
/// refused by name.
/// </summary>
public static class TokenizerJson
{
    private static readonly Dictionary<string, PreTokenizerPattern> Patterns = new()
    {
        [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] =
            PreTokenizerPattern.Qwen2,
        [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] =
            PreTokenizerPattern.Qwen35,
    };

    /// <summary>Reads a vocabulary from the content of the file.</summary>
    /// <param name="utf8">The whole file.</param>
    /// <exception cref="TokenizerFormatException">The file is not JSON, or asks for something else than a Qwen tokenizer.</exception>
    public static BpeVocabulary Read(ReadOnlySpan<byte> utf8)
    {
        if (utf8.StartsWith("\uFEFF"u8))
            utf8 = utf8[3..];

        try
        {
            return ReadFile(utf8);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException
            || error is FormatException and not TokenizerFormatException)
        {
            throw new TokenizerFormatException($"tokenizer.json does not have the form of a tokenizer: {JsonProblem.Of(error)}.", error);
        }
    }

    /// <summary>
    /// The content of a file that <see cref="Read"/> gives this vocabulary for, but for what stands in other files: the tokens that begin,
    /// end and fill.
    /// </summary>
    /// <exception cref="TokenizerFormatException">A merge is not two tokens with a space between.</exception>
    public static byte[] Write(BpeVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        return TokenizerJsonWriter.Write(vocabulary, Patterns.First(pattern => pattern.Value == vocabulary.Pattern).Key);
    }

    private static BpeVocabulary ReadFile(ReadOnlySpan<byte> utf8)
    {
        Utf8JsonReader reader = new(utf8);
        int readerStart = 0;
        BpeModelJson? model = null;
        IReadOnlyList<AddedToken> added = [];
        bool normalizes = false;
        bool hasDecoder = false;
        PreTokenizerPattern? pattern = null;
        (int[] prefix, int[] suffix) = ([], []);

        reader.Read();
        Expect(ref reader, JsonTokenType.StartObject, "the file");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (name == "model")
            {
                model = BpeModelJson.Read(utf8, ref reader, ref readerStart);
                continue;
            }

            JsonElement value = JsonElement.ParseValue(ref reader);
            switch (name)
            {
                case "version" when value.ValueEquals("1.0"):
                case "truncation" or "padding":
                    break; // How the program that saved the file last batched its texts; nothing of the model.
                case "post_processor":
                    (prefix, suffix) = PostProcessorJson.Read(value);
                    break;
                case "added_tokens":
                    added = [.. value.EnumerateArray().Select(ReadAddedToken)];
                    break;
                case "normalizer":
                    normalizes = ReadNormalizer(value);
                    break;
                case "pre_tokenizer":
                    pattern = ReadPreTokenizer(value);
                    break;
                case "decoder":
                    Require(TypeOf(value) == "ByteLevel", "decoder", value, "{\"type\": \"ByteLevel\"}");
                    hasDecoder = true;
                    break;
                default:
                    throw Unsupported(name, value, "what Qwen's tokenizers have there");
            }
        }

        if (!hasDecoder)
            throw Missing("decoder");

        return new BpeVocabulary
        {
            Tokens = (model ?? throw Missing("model")).Tokens,
            Merges = model.Merges,
            IgnoresMerges = model.IgnoresMerges,
            AddedTokens = added,
            NormalizesToNfc = normalizes,
            Pattern = pattern ?? throw Missing("pre_tokenizer"),
            SequencePrefix = prefix,
            SequenceSuffix = suffix,
        };
    }

    private static AddedToken ReadAddedToken(JsonElement token)
    {
        string content = token.GetProperty("content").GetString() ?? "";
        bool isSpecial = token.GetProperty("special").GetBoolean(), isControl = KnownTokens.IsControl(content, isSpecial);
        return new AddedToken(token.GetProperty("id").GetInt32(), content, isControl)
        {
            SingleWord = token.GetProperty("single_word").GetBoolean(),
            StripsLeft = token.GetProperty("lstrip").GetBoolean(),
            StripsRight = token.GetProperty("rstrip").GetBoolean(),

            // A token that is control by its spelling alone is ASCII, which normalization leaves alone.
            IsNormalized = token.GetProperty("normalized").GetBoolean() && isSpecial == isControl,
        };
    }

    private static bool ReadNormalizer(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null)
            return false;

        if (TypeOf(value) == "Sequence")
            return value.GetProperty("normalizers").EnumerateArray().Aggregate(false, (any, step) => ReadNormalizer(step) || any);

        Require(TypeOf(value) == "NFC", "normalizer", value, "null or NFC");
        return true;
    }

    private static PreTokenizerPattern ReadPreTokenizer(JsonElement value)
    {
        Require(TypeOf(value) == "Sequence", "pre_tokenizer", value, "a Sequence of Split and ByteLevel");
        JsonElement[] steps = [.. value.GetProperty("pretokenizers").EnumerateArray()];
        Require(
            steps.Length == 2 && TypeOf(steps[0]) == "Split" && TypeOf(steps[1]) == "ByteLevel",
            "pre_tokenizer",
            value,
            "a Sequence of Split and ByteLevel");

        JsonElement split = steps[0];
        Require(split.GetProperty("behavior").ValueEquals("Isolated") && !split.GetProperty("invert").GetBoolean(),
            "pre_tokenizer", split, "behavior Isolated, not inverted");

        JsonElement byteLevel = steps[1];
        Require(!byteLevel.GetProperty("add_prefix_space").GetBoolean() && !byteLevel.GetProperty("use_regex").GetBoolean(),
            "pre_tokenizer", byteLevel, "add_prefix_space and use_regex false");

        JsonElement pattern = split.GetProperty("pattern");
        return
            pattern.TryGetProperty("Regex", out JsonElement regex)
            && Patterns.TryGetValue(regex.GetString() ?? "", out PreTokenizerPattern known)
            ? known
            : throw Unsupported("pre_tokenizer", pattern, "the pattern of Qwen2 or of Qwen3.5");
    }

    internal static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (reader.TokenType != type)
            throw new TokenizerFormatException($"tokenizer.json: {what} is {reader.TokenType} where {type} belongs.");
    }

    internal static void Require(bool isSupported, string name, JsonElement value, string supported)
    {
        if (!isSupported)
            throw Unsupported(name, value, supported);
    }

    internal static string TypeOf(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty("type", out JsonElement type) ? type.GetString() ?? "" : "";

    private static TokenizerFormatException Missing(string name) => new($"tokenizer.json has no \"{name}\".");

    internal static TokenizerFormatException Unsupported(string name, JsonElement value, string supported)
    {
        string text = value.GetRawText();
        return new TokenizerFormatException(
            $"tokenizer.json: \"{name}\" is {(text.Length > 300 ? text[..300] + "…" : text)}, which is not supported; supported is "
                + $"{supported}."
        );
    }
}
