using System.Text;
using QwenSharp.Tokenizers.Unicode;

namespace QwenSharp.Tokenizers;

/// <summary>
/// Byte-level BPE as Qwen models use it: text to token ids and back. Immutable, and safe to use from many threads at once.
/// </summary>
/// <remarks>
/// Encoding goes: find added tokens; normalize what lies between (where the vocabulary asks for it); cut it into pieces; merge the
/// bytes of each piece. Any text and any bytes can be encoded, and decoding gives the same bytes back, up to normalization.
/// </remarks>
public sealed class BpeTokenizer
{
    private readonly TokenTable _tokens;
    private readonly MergeTable _merges;
    private readonly BytePairEncoder _encoder;
    private readonly PreTokenizer _preTokenizer;
    private readonly bool _normalizes;
    private readonly AddedTokenTrie _addedTokens;

    /// <summary>The added tokens that are looked for after normalization; null where there are none.</summary>
    private readonly AddedTokenTrie? _normalizedAddedTokens;

    private readonly Dictionary<int, AddedToken> _addedById;
    private readonly Dictionary<string, int> _addedByContent;

    private BpeTokenizer(BpeVocabulary vocabulary)
    {
        TokenBytes tokenBytes = TokenBytes.Read(vocabulary);
        _tokens = new TokenTable(tokenBytes.Bytes, tokenBytes.Starts, tokenBytes.IsFindable);
        _merges = new MergeTable(vocabulary.Merges, _tokens);
        _encoder = new BytePairEncoder(_tokens, _merges, SingleBytes(_tokens), vocabulary.IgnoresMerges);
        _preTokenizer = new PreTokenizer(vocabulary.Pattern);
        _normalizes = vocabulary.NormalizesToNfc;

        AddedTokens = [.. vocabulary.AddedTokens.OrderBy(token => token.Id)];
        _addedById = AddedTokens.ToDictionary(token => token.Id);
        _addedTokens = new AddedTokenTrie(
            AddedTokens.Where(token => !token.IsNormalized).Select(token => (token, Encoding.UTF8.GetBytes(token.Content))));
        _normalizedAddedTokens = AddedTokens.Any(token => token.IsNormalized)
            ? new AddedTokenTrie(AddedTokens.Where(token => token.IsNormalized).Select(token => (token, NormalizedContent(token))))
            : null;
        _addedByContent = [];
        foreach (AddedToken token in AddedTokens)
        {
            if (!_addedByContent.TryAdd(token.Content, token.Id))
            {
                throw new TokenizerFormatException(
                    $"Added tokens {_addedByContent[token.Content]} and {token.Id} are both spelled \"{token.Content}\".");
            }
        }

        BosId = CheckId(vocabulary.BosId, "begins a sequence");
        EosId = CheckId(vocabulary.EosId, "ends a sequence");
        PadId = CheckId(vocabulary.PadId, "fills a batch");
        AddsBos = vocabulary.AddsBos;
        if (AddsBos && BosId is null)
            throw new TokenizerFormatException("The vocabulary asks for a token at the start of each sequence and does not say which.");
        SequencePrefix = [.. vocabulary.SequencePrefix.Select(id => CheckId(id, "begins a text")!.Value)];
        SequenceSuffix = [.. vocabulary.SequenceSuffix.Select(id => CheckId(id, "ends a text")!.Value)];
    }

    /// <summary>One more than the highest token id.</summary>
    public int VocabularySize => _tokens.Count;

    /// <summary>The tokens recognised by their spelling, by rising id.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; }

    /// <summary>The token that begins a sequence, where the model has one.</summary>
    public int? BosId { get; }

    /// <summary>The token that ends a sequence, where the model has one.</summary>
    public int? EosId { get; }

    /// <summary>The token that fills a batch, where the model has one.</summary>
    public int? PadId { get; }

    /// <summary>
    /// Whether a sequence is meant to begin with <see cref="BosId"/>. Encoding never adds it; whoever begins the sequence does, with
    /// <see cref="Begin"/>.
    /// </summary>
    public bool AddsBos { get; }

    /// <summary>
    /// The tokens before a text that is a sequence of its own, one to embed for instance. Encoding never adds them; whoever makes the
    /// sequence does.
    /// </summary>
    public IReadOnlyList<int> SequencePrefix { get; }

    /// <summary>The tokens behind such a text; see <see cref="SequencePrefix"/>.</summary>
    public IReadOnlyList<int> SequenceSuffix { get; }

    /// <summary>Makes a tokenizer; the vocabulary's strings are not needed afterwards.</summary>
    /// <exception cref="TokenizerFormatException">The vocabulary contradicts itself, or lacks one of the 256 bytes.</exception>
    public static BpeTokenizer Create(BpeVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        return new BpeTokenizer(vocabulary);
    }

    /// <summary>Makes a tokenizer from a Hugging Face <c>tokenizer.json</c>.</summary>
    /// <exception cref="TokenizerFormatException">The file is not a byte-level BPE tokenizer of the kinds that Qwen models use.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static BpeTokenizer FromTokenizerJson(string path) => Create(TokenizerJson.Read(File.ReadAllBytes(path)));

    /// <summary>Appends the tokens of <paramref name="text"/>. A lone surrogate is encoded as U+FFFD.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="output">Where the ids go; nothing else is allocated once it is large enough.</param>
    /// <param name="parsing">Which added tokens are recognised.</param>
    public void Encode(ReadOnlySpan<char> text, List<int> output, TokenParsing parsing = TokenParsing.Added)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (parsing is not (TokenParsing.None or TokenParsing.Added or TokenParsing.All))
            throw new ArgumentOutOfRangeException(nameof(parsing), parsing, "Not a value of TokenParsing.");

        PooledList<byte> utf8 = new(text.Length * 3);
        Transcoding.AppendUtf8(text, ref utf8);
        EncodeUtf8(utf8.Items, new Recognition(parsing, [(0, utf8.Count)]), output);
        utf8.Dispose();
    }

    /// <summary>The tokens of <paramref name="text"/>.</summary>
    public int[] Encode(ReadOnlySpan<char> text, TokenParsing parsing = TokenParsing.Added)
    {
        List<int> output = new(text.Length / 3 + 4);
        Encode(text, output, parsing);
        return [.. output];
    }

    /// <summary>
    /// Appends the tokens of a text that is partly the program's own and partly comes from outside, such as a rendered conversation.
    /// A control token is recognised only where all of its spelling is trusted; other added tokens are recognised everywhere.
    /// In all else the text is one: where nobody tries to forge a control token, the result is that of
    /// <see cref="Encode(ReadOnlySpan{char}, List{int}, TokenParsing)"/> with <see cref="TokenParsing.All"/>.
    /// </summary>
    /// <param name="text">The whole text.</param>
    /// <param name="trusted">The characters that the program wrote itself: ranges in rising order that do not overlap. Touching ranges
    /// count as one.</param>
    /// <param name="output">Where the ids go.</param>
    /// <exception cref="ArgumentException">A range lies outside the text, or the ranges overlap or are out of order.</exception>
    public void Encode(ReadOnlySpan<char> text, ReadOnlySpan<Range> trusted, List<int> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        PooledList<byte> utf8 = new(text.Length * 3);
        PooledList<(int Start, int End)> trustedBytes = new(trusted.Length);
        Transcoding.AppendUtf8(text, trusted, ref utf8, ref trustedBytes);
        EncodeUtf8(utf8.Items, new Recognition(TokenParsing.All, trustedBytes.Items), output);
        trustedBytes.Dispose();
        utf8.Dispose();
    }

    /// <summary>
    /// How many tokens a text has at the least, whatever stands before and behind it, without encoding more of it than shows that there
    /// are too many. It looks at the text in parts, and leaves out what the cuts between them may add.
    /// </summary>
    /// <param name="text">Any text.</param>
    /// <param name="enough">Counting ends once there are more than this.</param>
    public int CountAtLeast(ReadOnlySpan<char> text, int enough)
    {
        const int Part = 1 << 14, AtCuts = 64;
        List<int> ids = [];
        int counted = 0;
        while (!text.IsEmpty && counted <= enough)
        {
            ReadOnlySpan<char> part = text[..Math.Min(Part, text.Length)];
            ids.Clear();
            Encode(part, ids, TokenParsing.None);
            counted += Math.Max(0, ids.Count - AtCuts);
            text = text[part.Length..];
        }

        return counted;
    }

    /// <summary>
    /// Appends the tokens of any bytes, UTF-8 or not. No added token is recognised and nothing is normalized,
    /// so the bytes of the tokens are exactly the bytes given.
    /// </summary>
    public void EncodeBytes(ReadOnlySpan<byte> bytes, List<int> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        EncodePieces(bytes, output);
    }

    /// <summary>The bytes of one token, which may be only part of a character; none for an id that no token has.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not below <see cref="VocabularySize"/>.</exception>
    public ReadOnlySpan<byte> GetBytes(int id)
    {
        if ((uint)id >= (uint)_tokens.Count)
            throw new ArgumentOutOfRangeException(nameof(id), id, $"Token ids of this vocabulary are 0 to {_tokens.Count - 1}.");

        return _tokens[id];
    }

    /// <summary>The text of a sequence of tokens. Bytes that are not UTF-8 become U+FFFD.</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="skipControl">Whether control tokens are left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is not below <see cref="VocabularySize"/>.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipControl = false)
    {
        PooledList<byte> bytes = new(ids.Length * 4);
        try
        {
            foreach (int id in ids)
            {
                if (!skipControl || !IsControl(id))
                    bytes.AddRange(GetBytes(id));
            }

            return Encoding.UTF8.GetString(bytes.Items);
        }
        finally
        {
            bytes.Dispose();
        }
    }

    /// <summary>Whether this is a control token.</summary>
    public bool IsControl(int id) => _addedById.TryGetValue(id, out AddedToken? token) && token.IsControl;

    /// <summary>
    /// Finds the token, added or not, that is spelled exactly like <paramref name="text"/>, such as <c>&lt;|im_end|&gt;</c>.
    /// </summary>
    public bool TryGetId(string text, out int id)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (_addedByContent.TryGetValue(text, out id))
            return true;

        id = _tokens.Find(Encoding.UTF8.GetBytes(text));
        return id >= 0;
    }

    /// <summary>
    /// Puts <see cref="BosId"/> before a sequence where the model is meant to have it; a template may have written it already.
    /// </summary>
    /// <param name="ids">The sequence.</param>
    /// <returns>Whether it was put there.</returns>
    public bool Begin(List<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        if (!AddsBos || BosId is not { } bos || ids.Count > 0 && ids[0] == bos)
            return false;

        ids.Insert(0, bos);
        return true;
    }

    /// <summary>
    /// The two tokens that merge into this one; of several such pairs, the one that merges first. False for a byte, an added token and one
    /// that no merge makes.
    /// </summary>
    /// <param name="id">Any id.</param>
    /// <param name="left">The token of its first bytes.</param>
    /// <param name="right">The token of the rest.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is not below <see cref="VocabularySize"/>.</exception>
    public bool TrySplit(int id, out int left, out int right)
    {
        (left, right) = (-1, -1);
        ReadOnlySpan<byte> bytes = GetBytes(id);
        ulong best = MergeTable.None;
        for (int at = 1; at < bytes.Length && !_addedById.ContainsKey(id); at++)
        {
            (int first, int second) = (_tokens.Find(bytes[..at]), _tokens.Find(bytes[at..]));
            ulong merge = first < 0 || second < 0 ? MergeTable.None : _merges.Find(first, second);
            if (merge < best && (int)(uint)merge == id)
                (best, left, right) = (merge, first, second);
        }

        return left >= 0;
    }

    private void EncodeUtf8(ReadOnlySpan<byte> text, Recognition recognition, List<int> output)
    {
        int position = 0;
        while (_addedTokens.TryFind(text, position, recognition, out AddedToken token, out int start, out int end))
        {
            EncodeBetween(text[position..start], recognition, output);
            output.Add(token.Id);
            position = end;
        }

        EncodeBetween(text[position..], recognition, output);
    }

    private void EncodeBetween(ReadOnlySpan<byte> text, Recognition recognition, List<int> output)
    {
        if (!_normalizes || Nfc.IsSettled(text))
        {
            EncodeNormalized(text, recognition, output);
            return;
        }

        PooledList<byte> normalized = new(text.Length);
        Nfc.Normalize(text, ref normalized);
        EncodeNormalized(normalized.Items, recognition, output);
        normalized.Dispose();
    }

    private void EncodeNormalized(ReadOnlySpan<byte> text, Recognition recognition, List<int> output)
    {
        int position = 0;
        while (_normalizedAddedTokens is not null
            && _normalizedAddedTokens.TryFind(text, position, recognition, out AddedToken token, out int start, out int end))
        {
            EncodePieces(text[position..start], output);
            output.Add(token.Id);
            position = end;
        }

        EncodePieces(text[position..], output);
    }

    private void EncodePieces(ReadOnlySpan<byte> text, List<int> output)
    {
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = _preTokenizer.EndOfPiece(text, start);
            _encoder.Encode(text[start..end], output);
        }
    }

    private byte[] NormalizedContent(AddedToken token)
    {
        byte[] content = Encoding.UTF8.GetBytes(token.Content);
        if (!_normalizes)
            return content;

        PooledList<byte> normalized = new(content.Length);
        Nfc.Normalize(content, ref normalized);
        content = normalized.Items.ToArray();
        normalized.Dispose();
        return content;
    }

    private static int[] SingleBytes(TokenTable tokens)
    {
        int[] ids = new int[256];
        for (int value = 0; value < 256; value++)
        {
            ids[value] = tokens.Find([(byte)value]);
            if (ids[value] < 0)
                throw new TokenizerFormatException($"The vocabulary has no token for the byte 0x{value:X2}; byte-level BPE needs all 256.");
        }

        return ids;
    }

    private int? CheckId(int? id, string purpose) => id is null || (uint)id < (uint)_tokens.Count
        ? id
        : throw new TokenizerFormatException($"Token {id}, which {purpose}, is not in the vocabulary of {_tokens.Count} tokens.");
}
