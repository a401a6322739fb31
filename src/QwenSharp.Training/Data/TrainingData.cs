using QwenSharp.Chat;
using QwenSharp.Tokenizers;

namespace QwenSharp.Training;

/// <summary>
/// Data to train on, tokenised and packed. Conversations are rendered with the model's own template, and only what the assistant says is learnt;
/// of plain text, all. Files are read as a stream; what stays in memory is two or three bytes a token.
/// </summary>
/// <remarks>
/// A <c>.jsonl</c> file has one JSON object a line: <c>{"messages": […], "tools": […], "chat_template_kwargs": {…}}</c> in OpenAI's form (roles system, user,
/// assistant and tool; tool calls with their arguments as JSON or as JSON in a string; <c>reasoning_content</c>; an assistant's message with <c>"weight": 0</c>
/// is not learnt; tools and kwargs may be absent), or <c>{"text": "…"}</c>. A <c>.txt</c> file is one document, or several divided by <c>&lt;|endoftext|&gt;</c>.
/// </remarks>
public sealed class TrainingData
{
    private readonly TrainingDataOptions _options;

    /// <summary>The order of the rows in the epoch asked for last.</summary>
    private volatile Epoch? _epoch;

    private TrainingData(TrainingDataOptions options, PackedExamples training, PackedExamples heldOut, TrainingDataLoader loader)
    {
        (_options, Training, HeldOut) = (options, training, heldOut);
        (BadLines, CutCount, DroppedCount) = (loader.BadLines, loader.CutCount, loader.DroppedCount);
    }

    /// <summary>What is trained on.</summary>
    public PackedExamples Training { get; }

    /// <summary>What is held out, to evaluate on; empty where nothing is.</summary>
    public PackedExamples HeldOut { get; }

    /// <summary>The lines that were left out, in order; always empty where bad lines stop.</summary>
    public IReadOnlyList<BadLine> BadLines { get; }

    /// <summary>How many conversations were longer than a row and cut.</summary>
    public int CutCount { get; }

    /// <summary>How many examples were left out: conversations longer than a row, as asked or because no answer remained, and texts of a single token.</summary>
    public int DroppedCount { get; }

    /// <summary>Reads training data.</summary>
    /// <param name="paths">Files, <c>.jsonl</c> or <c>.txt</c>.</param>
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
            throw new TrainingDataException($"Nothing is left to train on: of {store.Count} examples {heldOut.Count} are held out; {loader.DroppedCount} were left out, and {loader.BadLines.Count} lines.");

        int padding = tokenizer.PadId ?? tokenizer.EosId ?? 0;
        int[] shuffled = [.. StableHash.Permutation(training.Count, options.Seed).Select(index => training[index])];
        return new TrainingData(
            options,
            new PackedExamples(store, shuffled, options.SequenceLength, options.PromptLossWeight, padding),
            new PackedExamples(store, heldOut, options.SequenceLength, options.PromptLossWeight, padding),
            loader);
    }

    /// <summary>The texts of training data, rendered, as a <see cref="BpeTrainer"/> learns from them.</summary>
    /// <param name="paths">Files, <c>.jsonl</c> or <c>.txt</c>.</param>
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
    /// The batch of one training step. Rows are taken in order from an endless series of epochs, each of which has all rows in an order of its own;
    /// a step's batch is always the same, so that a resumed run goes on as an unbroken one would.
    /// </summary>
    /// <param name="step">From 0; with accumulation, each micro-batch is a step.</param>
    /// <param name="rows">Rows a batch, at least 1.</param>
    public TrainingBatch Batch(long step, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        int[] chosen = new int[rows];
        for (int i = 0; i < rows; i++)
        {
            (long epoch, long row) = Math.DivRem(checked(step * rows + i), Training.RowCount);
            chosen[i] = OrderOf(epoch)[row];
        }

        return Training.Batch(chosen);
    }

    /// <summary>How many steps one epoch takes; the last shares its batch with the next epoch.</summary>
    /// <param name="rows">Rows a batch, at least 1.</param>
    public long StepsPerEpoch(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        return (Training.RowCount + rows - 1L) / rows;
    }

    /// <summary>A hash of all that is trained on, in its order: data that has changed has another.</summary>
    public ulong Fingerprint() => Training.Fingerprint();

    private int[] OrderOf(long number)
    {
        if (_epoch is { } last && last.Number == number)
            return last.Order;

        Epoch epoch = new(number, StableHash.Permutation(Training.RowCount, StableHash.Mix(_options.Seed) + StableHash.Mix((ulong)number + 1)));
        _epoch = epoch;
        return epoch.Order;
    }

    private static void Check(TrainingDataOptions options)
    {
        if (options.SequenceLength < 2)
            throw new ArgumentException($"Rows of {options.SequenceLength} tokens are asked for; at least 2 are needed.", nameof(options));
        if (!(options.PromptLossWeight is >= 0 and <= 1))
            throw new ArgumentException($"A weight of {options.PromptLossWeight} is asked for prompts; 0 to 1 are possible.", nameof(options));
        if (!(options.HeldOutShare is >= 0 and < 1))
            throw new ArgumentException($"A share of {options.HeldOutShare} is to be held out; 0 to below 1 is possible.", nameof(options));
        if (options.HeldOutCount < 0 || options.HeldOutCount > 0 && options.HeldOutShare > 0)
            throw new ArgumentException("Either a share of the examples is held out or a number of them, and not less than none.", nameof(options));
    }

    private sealed record Epoch(long Number, int[] Order);
}
