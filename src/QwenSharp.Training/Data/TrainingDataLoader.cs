using QwenSharp.Chat;
using QwenSharp.Tokenizers;

namespace QwenSharp.Training;

/// <summary>Reads files into a store of tokenised examples, and decides what is held out.</summary>
internal sealed class TrainingDataLoader
{
    private readonly TrainingDataOptions _options;
    private readonly IProgress<double>? _progress;
    private readonly CancellationToken _cancellationToken;
    private readonly ExampleFile _file;
    private readonly ExampleTokenizer _tokenizer;
    private readonly ExampleStore _store;
    private readonly List<BadLine> _badLines = [];

    /// <summary>The hash of each example of the store, and whether a file that is held out has it.</summary>
    private readonly List<(ulong Hash, bool IsHeldOut)> _hashes = [];

    public TrainingDataLoader(
        BpeTokenizer tokenizer,
        ChatTemplate? template,
        TrainingDataOptions options,
        IProgress<double>? progress,
        CancellationToken cancellationToken)
    {
        (_options, _progress, _cancellationToken) = (options, progress, cancellationToken);
        _file = new ExampleFile(template, options.Seed, options.BadLines == BadLinePolicy.Skip ? _badLines.Add : null);
        _tokenizer = new ExampleTokenizer(tokenizer, options.BpeDropout);
        _store = new ExampleStore(tokenizer.VocabularySize);
    }

    public IReadOnlyList<BadLine> BadLines => _badLines;

    public int CutCount { get; private set; }

    public int DroppedCount { get; private set; }

    public BadLine? FirstDropped { get; private set; }

    public int HeldOutCopies { get; private set; }

    /// <summary>The store, and which of its examples are trained on and which held out.</summary>
    public (ExampleStore Store, List<int> Training, List<int> HeldOut) Load(IReadOnlyList<string> paths)
    {
        long done = 0, all = paths.Concat(_options.HeldOutFiles).Sum(path => new FileInfo(path).Length);
        foreach (string path in paths)
            Read(path, isHeldOut: false, ref done, all);
        foreach (string path in _options.HeldOutFiles)
            Read(path, isHeldOut: true, ref done, all);

        return Divide();
    }

    private void Read(string path, bool isHeldOut, ref long done, long all)
    {
        int examples = 0;
        foreach ((ulong hash, ExampleText text) in _file.Read(path))
        {
            _cancellationToken.ThrowIfCancellationRequested();
            bool divides = !isHeldOut && !(hash <= HeldOutByShare());
            if (Add(text, divides ? hash : null) is { } reason)
            {
                DroppedCount++;
                FirstDropped ??= new BadLine(path, _file.Line, reason);
            }

            while (_hashes.Count < _store.Count)
                _hashes.Add((hash, isHeldOut));
            if (++examples % 1024 == 0)
                _progress?.Report((double)(done + _file.Position) / all);
        }

        done += new FileInfo(path).Length;
        _progress?.Report(all == 0 ? 1 : (double)done / all);
    }

    /// <summary>Adds an example, or says why it is left out.</summary>
    private string? Add(ExampleText text, ulong? seed)
    {
        (List<int> tokens, List<TokenRange> answers) = _tokenizer.Encode(text, seed);
        int most = _options.SequenceLength + 1;
        if (tokens.Count <= most)
            return _store.Add(tokens, answers, 0, tokens.Count) ? null : "there is nothing in it to learn.";

        if (text.Kind != ExampleKind.Conversation)
        {
            // The last token of a part is the first of the next, so that each but the first is predicted once.
            for (int start = 0; start < tokens.Count - 1; start += _options.SequenceLength)
                _store.Add(tokens, answers, start, Math.Min(most, tokens.Count - start));

            return null;
        }

        if (_options.LongConversations != LongConversations.Cut)
            return $"it has {tokens.Count} tokens, and a row {_options.SequenceLength}.";
        if (!_store.Add(tokens, answers, 0, most))
            return $"the prompt alone fills a row of {_options.SequenceLength} tokens; the whole has {tokens.Count}.";

        CutCount++;
        return null;
    }

    private (ExampleStore, List<int>, List<int>) Divide()
    {
        ulong? highest = HighestHeldOut();
        HashSet<ulong> heldOutFiles = [.. _hashes.Where(example => example.IsHeldOut).Select(example => example.Hash)];
        List<int> training = [], heldOut = [];
        for (int example = 0; example < _store.Count; example++)
        {
            (ulong hash, bool isHeldOut) = _hashes[example];
            if (isHeldOut || hash <= highest)
                heldOut.Add(example);
            else if (heldOutFiles.Contains(hash))
                HeldOutCopies++;
            else
                training.Add(example);
        }

        return (_store, training, heldOut);
    }

    private ulong? HeldOutByShare() => _options.HeldOutShare > 0 ? (ulong)(_options.HeldOutShare * ulong.MaxValue) : null;

    /// <summary>Examples with hashes up to this one are held out; null for none.</summary>
    private ulong? HighestHeldOut()
    {
        if (_options.HeldOutCount == 0 || _options.HeldOutShare > 0)
            return HeldOutByShare();

        ulong[] sorted = [.. _hashes.Where(example => !example.IsHeldOut).Select(example => example.Hash).Order()];
        return sorted.Length == 0 ? null : sorted[Math.Min(_options.HeldOutCount, sorted.Length) - 1];
    }
}
