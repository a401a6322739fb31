using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace QwenSharp.Tokenizers;

/// <summary>
/// Reads the vocabulary of the first Qwen models, <c>qwen.tiktoken</c>: a line for each token, with its bytes in Base64 and its rank, which
/// is its id. The file has no
/// merges, as tiktoken joins whichever neighbours make the token of the lowest rank. The merge that makes a token is found by joining the
/// token's own bytes in that way
/// until two parts are left.
/// </summary>
public static class TiktokenVocabulary
{
    // Far beyond any token; the search for a merge takes time with the square of the length.
    private const int LongestToken = 1024;

    /// <summary>
    /// The control tokens that the model's own code adds behind those of the file: ends of texts and turns, and some to spare.
    /// </summary>
    private static readonly string[] Controls =
    [
        "<|endoftext|>",
        "<|im_start|>",
        "<|im_end|>",
        .. Enumerable.Range(0, 205).Select(i => $"<|extra_{i}|>"),
    ];

    /// <summary>Reads a vocabulary from the content of the file.</summary>
    /// <param name="file">The whole file.</param>
    /// <exception cref="TokenizerFormatException">A line is not a token with its rank, ranks are not counted from 0, or no merges lead to a
    /// token.</exception>
    public static BpeVocabulary Read(ReadOnlySpan<byte> file)
    {
        // A character stands for a byte, so that parts of tokens are looked up in place.
        Dictionary<string, int> ranks = [];
        List<string> tokens = [];
        int number = 0;
        foreach (Range range in file.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = file[range].TrimEnd((byte)'\r');
            if (line.IsEmpty)
                continue;

            string token = Encoding.Latin1.GetString(ReadToken(line, tokens.Count, number));
            if (!ranks.TryAdd(token, tokens.Count))
                throw Fault(number, $"it is the token of rank {ranks[token]} again");

            tokens.Add(token);
        }

        if (tokens.Count == 0)
            throw new TokenizerFormatException("qwen.tiktoken has no tokens.");

        List<string> merges = [];
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = ranks.GetAlternateLookup<ReadOnlySpan<char>>();
        int[] starts = new int[LongestToken + 1];
        for (int rank = 0; rank < tokens.Count; rank++)
        {
            string token = tokens[rank];
            if (token.Length == 1)
                continue;

            int middle = LastJoint(token, rank, lookup, starts);
            if (middle < 0)
                throw new TokenizerFormatException($"qwen.tiktoken has a token, of rank {rank}, to which no two tokens before it lead.");

            merges.Add($"{Spell(token.AsSpan(0, middle))} {Spell(token.AsSpan(middle))}");
        }

        return new BpeVocabulary
        {
            Tokens = Utf8Strings.From(tokens.Select(token => Spell(token))),
            Merges = Utf8Strings.From(merges),
            AddedTokens = [.. Controls.Select((content, i) => new AddedToken(tokens.Count + i, content, IsControl: true))],
            NormalizesToNfc = true,
            Pattern = PreTokenizerPattern.Qwen2,
        };
    }

    private static byte[] ReadToken(ReadOnlySpan<byte> line, int rank, int number)
    {
        int space = line.IndexOf((byte)' ');
        if (space <= 0)
            throw Fault(number, "it is not a token in Base64, a space and a rank");

        if (
            !Utf8Parser.TryParse(line[(space + 1)..], out int written, out int length)
            || length != line.Length - space - 1
            || written != rank)
        {
            throw Fault(number, $"its rank must be {rank}: ranks are counted from 0, line by line");
        }

        byte[] token = new byte[Base64.GetMaxDecodedFromUtf8Length(space)];
        if (Base64.DecodeFromUtf8(line[..space], token, out _, out int bytes) != OperationStatus.Done || bytes == 0)
            throw Fault(number, "its token is not in Base64");

        return bytes <= LongestToken ? token[..bytes] : throw Fault(number, $"its token has {bytes} bytes; {LongestToken} are the most");
    }

    /// <summary>
    /// Where the second of the two parts begins of which a token is made; -1 where tokens of a lower rank do not leave two.
    /// </summary>
    private static int LastJoint(string token, int rank, Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ranks, int[] starts)
    {
        int parts = token.Length;
        for (int i = 0; i <= parts; i++)
            starts[i] = i;

        while (parts > 2)
        {
            (int best, int lowest) = (-1, rank);
            for (int i = 0; i + 2 <= parts; i++)
            {
                if (ranks.TryGetValue(token.AsSpan(starts[i]..starts[i + 2]), out int joined) && joined < lowest)
                    (best, lowest) = (i, joined);
            }

            if (best < 0)
                return -1;

            Array.Copy(starts, best + 2, starts, best + 1, parts - best - 1);
            parts--;
        }

        return starts[1];
    }

    private static string Spell(ReadOnlySpan<char> token)
    {
        StringBuilder spelled = new(token.Length);
        foreach (char value in token)
            spelled.Append(ByteSpelling.Spell((byte)value));

        return spelled.ToString();
    }

    private static TokenizerFormatException Fault(int line, string problem) => new($"qwen.tiktoken is wrong in line {line}: {problem}.");
}
