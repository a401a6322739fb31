using System.Buffers;
using System.Text;
using QwenSharp.Tokenizers.Unicode;

namespace QwenSharp.Tokenizers;

/// <summary>
/// Learns a byte-level BPE vocabulary from texts (Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units"):
/// the pair of adjacent tokens that occurs most often becomes a token, again and again. Of pairs that occur equally often, the one whose
/// left token, then whose right token, has the lower id is taken, so the result depends neither on the order of the texts nor on the
/// machine.
/// </summary>
/// <remarks>
/// The first 256 tokens are the bytes, in the order of Qwen's vocabularies: any bytes can be encoded. Texts are brought into
/// normalization form C first, as the tokenizer that is made of the vocabulary brings them.
/// A pair that would make bytes that are a token already is passed over: every token is made by one merge, as it was when it was learnt.
/// </remarks>
public sealed class BpeTrainer
{
    /// <summary>
    /// Pieces longer than this (runs of one character, text without spaces) are counted in parts, so that the time stays linear in the
    /// text:
    /// a merge passes over the whole of each part it occurs in.
    /// </summary>
    private const int LongestPart = 256;

    private readonly BpeTrainerOptions _options;
    private readonly PreTokenizer _preTokenizer;
    private readonly AddedTokenTrie _addedTokens;
    private readonly PieceCounts _pieces = new();

    /// <summary>A trainer that has seen no text yet.</summary>
    /// <exception cref="ArgumentException">The options contradict themselves; the message names the one.</exception>
    public BpeTrainer(BpeTrainerOptions? options = null)
    {
        _options = options ?? new BpeTrainerOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.MinimumFrequency, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.LongestToken, 1, nameof(options));
        int least = 256 + _options.AddedTokens.Count;
        if (_options.VocabularySize < least || _options.VocabularySize > TokenBytes.MaxTokens)
        {
            throw new ArgumentException(
                $"A vocabulary of {_options.VocabularySize} tokens is asked for; {least} (256 bytes and {_options.AddedTokens.Count} "
                    + $"added tokens) to {TokenBytes.MaxTokens} are possible.",
                nameof(options));
        }

        AddedToken[] added = AddedTokens(firstId: 256);
        if (added.FirstOrDefault(token => string.IsNullOrEmpty(token.Content)) is not null)
            throw new ArgumentException("An added token has no spelling.", nameof(options));
        if (added.CountBy(token => token.Content).FirstOrDefault(entry => entry.Value > 1).Key is { } twice)
            throw new ArgumentException($"The added token \"{twice}\" is there twice.", nameof(options));

        IdOf(_options.EosToken, added);
        IdOf(_options.PadToken, added);
        _preTokenizer = new PreTokenizer(_options.Pattern);
        _addedTokens = new AddedTokenTrie(added.Select(token => (token, Encoding.UTF8.GetBytes(token.Content))));
    }

    /// <summary>Learns a vocabulary from texts.</summary>
    /// <exception cref="ArgumentException">The options contradict themselves; the message names the one.</exception>
    public static BpeVocabulary Train(
        IEnumerable<string> texts,
        BpeTrainerOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        BpeTrainer trainer = new(options);
        foreach (string text in texts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            trainer.Add(text);
        }

        return trainer.Train(cancellationToken);
    }

    /// <summary>Counts the pieces of one text; nothing of it is kept but the pieces that were not seen before.</summary>
    public void Add(ReadOnlySpan<char> text)
    {
        PooledList<byte> utf8 = new(text.Length * 3);
        Transcoding.AppendUtf8(text, ref utf8);
        Add(utf8.Items);
        utf8.Dispose();
    }

    /// <summary>As <see cref="Add(ReadOnlySpan{char})"/>, for UTF-8; bytes that are none are counted as they are.</summary>
    public void Add(ReadOnlySpan<byte> utf8)
    {
        Recognition everywhere = new(TokenParsing.All, [(0, utf8.Length)]);
        int position = 0;
        while (_addedTokens.TryFind(utf8, position, everywhere, out _, out int start, out int end))
        {
            AddPieces(utf8[position..start]);
            position = end;
        }

        AddPieces(utf8[position..]);
    }

    /// <summary>Learns from what was added so far; more may be added, and learnt from, afterwards.</summary>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public BpeVocabulary Train(CancellationToken cancellationToken = default)
    {
        // Qwen's order: that of the characters the bytes are spelled with.
        byte[] alphabet = [.. Enumerable.Range(0, 256).Select(value => (byte)value).OrderBy(ByteSpelling.Spell)];
        MergeLearner learner = new(_pieces.Counts, alphabet, _options.MinimumFrequency, _options.LongestToken);
        while (learner.TokenCount < _options.VocabularySize - _options.AddedTokens.Count && learner.MergeBest())
            cancellationToken.ThrowIfCancellationRequested();

        string[] tokens = [.. learner.Tokens.Select(Spell)];
        AddedToken[] added = AddedTokens(tokens.Length);
        return new BpeVocabulary
        {
            Tokens = Utf8Strings.From(tokens),
            Merges = Utf8Strings.From(learner.Merges.Select(merge => $"{tokens[merge.Left]} {tokens[merge.Right]}")),
            AddedTokens = added,
            NormalizesToNfc = true,
            Pattern = _options.Pattern,
            EosId = IdOf(_options.EosToken, added),
            PadId = IdOf(_options.PadToken, added),
        };
    }

    private void AddPieces(ReadOnlySpan<byte> text)
    {
        if (Nfc.IsSettled(text))
        {
            AddNormalized(text);
            return;
        }

        PooledList<byte> normalized = new(text.Length);
        Nfc.Normalize(text, ref normalized);
        AddNormalized(normalized.Items);
        normalized.Dispose();
    }

    private void AddNormalized(ReadOnlySpan<byte> text)
    {
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = _preTokenizer.EndOfPiece(text, start);
            if (_options.KeepsWordsApart && EndOfSign(text[start..end]) is > 0 and var sign)
            {
                _pieces.Add(text.Slice(start, sign));
                start += sign;
            }

            for (; end - start > LongestPart; start += LongestPart)
                _pieces.Add(text.Slice(start, LongestPart));

            _pieces.Add(text[start..end]);
        }
    }

    /// <summary>The length of the one character before the letters of a word; 0 where there is none.</summary>
    private static int EndOfSign(ReadOnlySpan<byte> piece)
    {
        Rune.DecodeFromUtf8(piece, out Rune first, out int length);
        return
            length < piece.Length
            && !Rune.IsLetter(first)
            && Rune.DecodeFromUtf8(piece[length..], out Rune second, out _) == OperationStatus.Done
            && Rune.IsLetter(second)
            ? length
            : 0;
    }

    private AddedToken[] AddedTokens(int firstId) =>
        [.. _options.AddedTokens.Select((token, index) => new AddedToken(firstId + index, token.Content, token.IsControl))];

    private static int? IdOf(string spelling, AddedToken[] added) =>
        spelling.Length == 0
            ? null
            : Array.Find(added, token => token.Content == spelling)?.Id
                ?? throw new ArgumentException($"\"{spelling}\" is not among the added tokens.");

    private static string Spell(byte[] bytes) => string.Create(bytes.Length, bytes, (spelling, source) =>
    {
        for (int i = 0; i < source.Length; i++)
            spelling[i] = ByteSpelling.Spell(source[i]);
    });
}
