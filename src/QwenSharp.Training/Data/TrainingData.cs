using QwenSharp.Chat;
using QwenSharp.Tokenizers;

namespace QwenSharp.Training;

/// <summary>
/// Data to train on, tokenised and packed. Conversations are rendered with the model's own template, and only what the assistant says is
/// learnt;
/// of plain text, all. Files are read as a stream; what stays in memory is two or three bytes a token.
/// </summary>
/// <remarks>
/// A <c>.jsonl</c> file has one JSON object a line, a <c>.json</c> file the same or one array of them: <c>{"messages": […], "tools":
/// […], "chat_template_kwargs": {…}}</c> in OpenAI's form
/// (roles system, user,
/// assistant and tool; tool calls with their arguments as JSON or as JSON in a string; <c>reasoning_content</c>; an assistant's message
/// with <c>"weight": 0</c>
/// is not learnt; tools and kwargs may be absent), or <c>{"text": "…"}</c>. Rows of Alpaca's form (<c>{"instruction": "…", "input": "…",
/// "output": "…"}</c>), of ShareGPT's (<c>{"conversations": [{"from": "human", "value": "…"}, …]}</c>) and prompts with completions
/// (<c>{"prompt": …, "completion": …}</c>) become conversations; each row is told by its fields. A <c>.txt</c> file is one document,
/// or several divided by
/// <c>&lt;|endoftext|&gt;</c>.
/// </remarks>
public sealed class TrainingData
{
    private readonly TrainingDataOptions _options;

    /// <summary>The order of the rows in the epoch asked for last.</summary>
    private volatile Epoch? _epoch;

    private TrainingData(TrainingDataOptions options, PackedExamples training, PackedExamples heldOut, TrainingDataLoader loader)
    {
        (_options, Training, HeldOut) = (options, training, heldOut);
        (BadLines, CutCount, DroppedCount, FirstDropped, HeldOutCopies) = (
            loader.BadLines,
            loader.CutCount,
            loader.DroppedCount,
            loader.FirstDropped,
            loader.HeldOutCopies);
    }

    /// <summary>What is trained on.</summary>
    public PackedExamples Training { get; }

    /// <summary>What is held out, to evaluate on; empty where nothing is.</summary>
    public PackedExamples HeldOut { get; }

    /// <summary>The lines that were left out, in order; always empty where bad lines stop.</summary>
    public IReadOnlyList<BadLine> BadLines { get; }

    /// <summary>How many conversations were longer than a row and cut.</summary>
    public int CutCount { get; }

    /// <summary>
    /// How many examples were left out: conversations longer than a row, as asked or because no answer remained, and texts of a single
    /// token.
    /// </summary>
    public int DroppedCount { get; }

    /// <summary>How many examples were left out of training because a file that is held out has the same.</summary>
    public int HeldOutCopies { get; }

    /// <summary>The first example of <see cref="DroppedCount"/> with its place and the reason; null for none.</summary>
    public BadLine? FirstDropped { get; }

    /// <summary>Reads training data.</summary>
    /// <param name="paths">Files, <c>.jsonl</c>, <c>.json</c> or <c>.txt</c>.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">The model's chat template; null for a model without one, which can learn from text only.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told of the share that is read, from 0 to 1, now and then.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ArgumentException">The options contradict themselves; the message names the one.</exception>
    /// <exception cref="TrainingDataException">A file or a line cannot be used, or nothing is left to train on.</exception>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public static TrainingData Load(
        IReadOnlyList<string> paths, BpeTokenizer tokenizer, ChatTemplate? template, TrainingDataOptions? options = null,
        IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(tokenizer);
        options ??= new TrainingDataOptions();
        Check(options);
        TrainingDataLoader loader = new(tokenizer, template, options, progress, cancellationToken);
        (ExampleStore store, List<int> training, List<int> heldOut) = loader.Load(paths);
        if (training.Count == 0)
            throw new TrainingDataException(NothingLeft(paths, heldOut.Count, loader));

        int padding = tokenizer.PadId ?? tokenizer.EosId ?? 0;
        int[] shuffled = [.. StableHash.Permutation(training.Count, options.Seed).Select(index => training[index])];
        return new TrainingData(
            options,
            new PackedExamples(store, shuffled, options.SequenceLength, options.PromptLossWeight, padding),
            new PackedExamples(store, heldOut, options.SequenceLength, options.PromptLossWeight, padding),
            loader);
    }

    /// <summary>The texts of training data, rendered, as a <see cref="BpeTrainer"/> learns from them.</summary>
    /// <param name="paths">Files, <c>.jsonl</c>, <c>.json</c> or <c>.txt</c>.</param>
    /// <param name="template">The chat template that the model will have; null where the data has no conversations.</param>
    /// <param name="badLines">What to do with a line that cannot be used.</param>
    /// <exception cref="TrainingDataException">A file or a line cannot be used.</exception>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public static IEnumerable<string> Texts(IEnumerable<string> paths, ChatTemplate? template, BadLinePolicy badLines = BadLinePolicy.Stop)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ExampleFile file = new(template, seed: 0, badLines == BadLinePolicy.Skip ? _ => { } : null);
        return paths.SelectMany(file.Read).Select(example => example.Text.Text);
    }

    /// <summary>
    /// The batch of one training step, in parts of which each fits into memory. Rows are taken in order from an endless series of epochs,
    /// each of which has all rows in an order of its own;
    /// a step's batch is always the same, so that a resumed run goes on as an unbroken one would.
    /// </summary>
    /// <param name="step">From 0.</param>
    /// <param name="rows">Rows a step, at least 1.</param>
    /// <param name="most">Rows of a part, at least 1; the last may have fewer.</param>
    public IReadOnlyList<TrainingBatch> Batches(long step, int rows, int most)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        int[] chosen = new int[rows];
        for (int i = 0; i < rows; i++)
        {
            (long epoch, long row) = Math.DivRem(checked(step * rows + i), Training.RowCount);
            chosen[i] = OrderOf(epoch)[row];
        }

        return [.. chosen.Chunk(most).Select(part => Training.Batch(part))];
    }

    /// <summary>How many steps take all rows so many times; what the last has no row for, it takes from the next epoch.</summary>
    /// <param name="epochs">Passes over the data, above 0.</param>
    /// <param name="rows">Rows a step, at least 1.</param>
    public long StepsOf(double epochs, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epochs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        return (long)Math.Ceiling(epochs * Training.RowCount / rows);
    }

    /// <summary>A hash of all that is trained on and evaluated on, in its order: data that has changed has another.</summary>
    public ulong Fingerprint() => StableHash.Mix(Training.Fingerprint()) ^ HeldOut.Fingerprint();

    private int[] OrderOf(long number)
    {
        if (_epoch is { } last && last.Number == number)
            return last.Order;

        Epoch epoch = new(
            number,
            StableHash.Permutation(Training.RowCount, StableHash.Mix(_options.Seed) + StableHash.Mix((ulong)number + 1)));
        _epoch = epoch;
        return epoch.Order;
    }

    private static string NothingLeft(IReadOnlyList<string> paths, int heldOut, TrainingDataLoader loader)
    {
        List<string> reasons = [];
        if (heldOut > 0)
            reasons.Add($"{heldOut} are held out");
        if (loader.HeldOutCopies > 0)
            reasons.Add($"{loader.HeldOutCopies} are in the held-out files too");
        if (loader.BadLines.Count > 0)
            reasons.Add($"{loader.BadLines.Count} lines cannot be used, the first {loader.BadLines[0].ToString().TrimEnd('.')}");
        if (loader.FirstDropped is { } first)
            reasons.Add($"{loader.DroppedCount} are left out, the first {first.ToString().TrimEnd('.')}");

        return reasons.Count == 0
            ? $"{string.Join(", ", paths)}: there are no examples in it."
            : $"Nothing is left to train on: {string.Join("; ", reasons)}.";
    }

    private static void Check(TrainingDataOptions options)
    {
        if (options.SequenceLength < 2)
            throw new ArgumentException($"Rows of {options.SequenceLength} tokens are asked for; at least 2 are needed.", nameof(options));
        if (!(options.PromptLossWeight is >= 0 and <= 1))
        {
            throw new ArgumentException(
                $"A weight of {options.PromptLossWeight} is asked for prompts; 0 to 1 are possible.",
                nameof(options));
        }

        if (!(options.HeldOutShare is >= 0 and < 1))
            throw new ArgumentException($"A share of {options.HeldOutShare} is to be held out; 0 to below 1 is possible.", nameof(options));
        if (!(options.BpeDropout is >= 0 and < 1))
        {
            throw new ArgumentException(
                $"A share of {options.BpeDropout} of the tokens is to be divided; 0 to below 1 is possible.",
                nameof(options));
        }

        if (options.BpeDropout > 0 && options.HeldOutCount > 0)
        {
            throw new ArgumentException(
                "What is held out is left as it is, so tokens can be divided only where a share or files are held out, not a number.",
                nameof(options));
        }

        if (options.HeldOutCount < 0 || options.HeldOutCount > 0 && options.HeldOutShare > 0)
        {
            throw new ArgumentException(
                "Either a share of the examples is held out or a number of them, and not less than none.",
                nameof(options));
        }
    }

    private sealed record Epoch(long Number, int[] Order);
}
