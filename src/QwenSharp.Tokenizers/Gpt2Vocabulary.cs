using System.Text;
using System.Text.Json;
using QwenSharp.Faults;

namespace QwenSharp.Tokenizers;

/// <summary>
/// Reads the two files that GPT-2 had and that Qwen2's tokenizer is saved as where it has no <c>tokenizer.json</c>: <c>vocab.json</c>, the
/// ids of the tokens in GPT-2's spelling
/// of bytes, and <c>merges.txt</c>, a merge a line, best first.
/// </summary>
public static class Gpt2Vocabulary
{
    /// <summary>Reads a vocabulary from the contents of the files.</summary>
    /// <param name="vocabulary"><c>vocab.json</c>.</param>
    /// <param name="merges"><c>merges.txt</c>.</param>
    /// <param name="added">Tokens that stand in neither.</param>
    /// <exception cref="TokenizerFormatException">One of them is something else.</exception>
    public static BpeVocabulary Read(ReadOnlyMemory<byte> vocabulary, ReadOnlySpan<byte> merges, IReadOnlyList<AddedToken> added) => new()
    {
        Tokens = Utf8Strings.From(ReadTokens(vocabulary)),
        Merges = Utf8Strings.From(ReadMerges(merges)),
        AddedTokens = added,
        NormalizesToNfc = true,
        Pattern = PreTokenizerPattern.Qwen2,
    };

    private static string[] ReadTokens(ReadOnlyMemory<byte> file)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(file);
            string[] tokens = [];
            foreach (JsonProperty token in json.RootElement.EnumerateObject())
            {
                int id = token.Value.GetInt32();
                if (id is < 0 or >= TokenBytes.MaxTokens)
                    throw new TokenizerFormatException($"vocab.json has the id {id}; ids are 0 to {TokenBytes.MaxTokens - 1}.");

                int count = tokens.Length;
                if (id >= count)
                {
                    Array.Resize(ref tokens, Math.Max(id + 1, 2 * count));
                    tokens.AsSpan(count).Fill("");
                }

                tokens[id] =
                    tokens[id].Length == 0
                        ? token.Name
                        : throw new TokenizerFormatException($"vocab.json gives the id {id} to two tokens.");
            }

            return tokens[..(Array.FindLastIndex(tokens, token => token.Length > 0) + 1)];
        }
        catch (Exception error)
            when (error is JsonException or InvalidOperationException || error is FormatException and not TokenizerFormatException)
        {
            throw new TokenizerFormatException($"vocab.json does not have the form of a vocabulary: {JsonProblem.Of(error)}.", error);
        }
    }

    private static List<string> ReadMerges(ReadOnlySpan<byte> file)
    {
        List<string> merges = [];
        int number = 0;
        foreach (Range range in file.Split((byte)'\n'))
        {
            number++;
            string line = Encoding.UTF8.GetString(file[range].TrimEnd((byte)'\r'));
            if (line.Length == 0 || (number == 1 && line.StartsWith("#version", StringComparison.Ordinal)))
                continue;
            if (line.Split(' ') is not [{ Length: > 0 }, { Length: > 0 }])
                throw new TokenizerFormatException($"merges.txt is wrong in line {number}: it is not two tokens with a space between.");

            merges.Add(line);
        }

        return merges;
    }
}
