using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using QwenSharp.Tokenizers.Unicode;

namespace QwenSharp.Tokenizers;

/// <summary>
/// Finds added tokens in a text: the leftmost, and of those that start there the longest that may be recognised.
/// A place costs at most as many steps as the longest token has bytes.
/// </summary>
internal sealed class AddedTokenTrie
{
    /// <summary>The children of all nodes, keyed by node × 256 + byte.</summary>
    private readonly Dictionary<long, int> _children = [];

    /// <summary>The token that ends at each node, if any; node 0 is the root.</summary>
    private readonly List<AddedToken?> _ends = [null];

    private readonly SearchValues<byte> _firstBytes;

    /// <param name="tokens">Each token with the text to look for.</param>
    /// <exception cref="TokenizerFormatException">Two tokens have the same spelling.</exception>
    public AddedTokenTrie(IEnumerable<(AddedToken Token, byte[] Spelling)> tokens)
    {
        HashSet<byte> firstBytes = [];
        foreach ((AddedToken token, byte[] spelling) in tokens)
        {
            firstBytes.Add(spelling[0]);
            int node = 0;
            foreach (byte value in spelling)
            {
                ref int child = ref CollectionsMarshal.GetValueRefOrAddDefault(_children, Key(node, value), out bool exists);
                if (!exists)
                {
                    child = _ends.Count;
                    _ends.Add(null);
                }

                node = child;
            }

            if (_ends[node] is AddedToken other)
            {
                throw new TokenizerFormatException(
                    $"Added tokens {other.Id} and {token.Id} are both spelled \"{token.Content}\"; each must be there once.");
            }

            _ends[node] = token;
        }

        _firstBytes = SearchValues.Create([.. firstBytes]);
    }

    /// <summary>The first match at or after <paramref name="from"/>, widened by the white space that its token swallows.</summary>
    public bool TryFind(ReadOnlySpan<byte> text, int from, Recognition recognition, out AddedToken token, out int start, out int end)
    {
        for (start = from; ; start++)
        {
            int skipped = text[start..].IndexOfAny(_firstBytes);
            if (skipped < 0)
                break;

            start += skipped;
            if (LongestAt(text, start, recognition, out end) is AddedToken found)
            {
                token = found;
                if (found.StripsLeft)
                    start = from + text[from..start].LengthWithoutTrailingSpace();
                if (found.StripsRight)
                    end = text.Length - text[end..].TrimLeadingSpace().Length;
                return true;
            }
        }

        token = null!;
        end = start = text.Length;
        return false;
    }

    private AddedToken? LongestAt(ReadOnlySpan<byte> text, int start, Recognition recognition, out int end)
    {
        AddedToken? longest = null;
        int node = 0;
        end = start;
        for (int i = start; i < text.Length && _children.TryGetValue(Key(node, text[i]), out node); i++)
        {
            if (_ends[node] is AddedToken token && recognition.Allows(token, start, i + 1)
                && (!token.SingleWord || StandsAlone(text, start, i + 1)))
            {
                longest = token;
                end = i + 1;
            }
        }

        return longest;
    }

    private static bool StandsAlone(ReadOnlySpan<byte> text, int start, int end)
    {
        Rune.DecodeLastFromUtf8(text[..start], out Rune before, out _);
        Rune.DecodeFromUtf8(text[end..], out Rune after, out _);
        return (start == 0 || !before.IsWordCharacter()) && (end == text.Length || !after.IsWordCharacter());
    }

    private static long Key(int node, byte value) => (long)node << 8 | value;
}
