using System.Globalization;
using QwenSharp.Training;

namespace QwenSharp.Cli.Training;

/// <summary>
/// How long and how fast a model is taught: what its user gave, and nothing where the data shall decide. What is given is honoured.
/// </summary>
/// <param name="Epochs">Passes over the data.</param>
/// <param name="Steps">Updates, in place of <paramref name="Epochs"/>.</param>
/// <param name="BatchTokens">Tokens of an update.</param>
/// <param name="WarmupSteps">Updates in which the learning rate rises.</param>
/// <param name="LearningRate">The highest learning rate.</param>
internal sealed record FinetunePace(double? Epochs, long? Steps, int? BatchTokens, long? WarmupSteps, double? LearningRate)
{
    /// <summary>
    /// Updates that a new task takes, whatever the data: AdamW moves a weight by no more than about the rate in each, so that ten of them
    /// change nothing.
    /// </summary>
    private const int FewestSteps = 100;

    /// <summary>Epochs where the data is enough for <see cref="FewestSteps"/>; small data is seen more often.</summary>
    private const int FewestEpochs = 3;

    /// <summary>Tokens of an update where the data is enough; small data has smaller updates.</summary>
    public const int MostBatchTokens = 4096;

    private const int MostTokensOfPass = 2048, MostWarmupSteps = 100;

    // The rates that are usual for models of some 2,048 features. Adam's goes with the inverse of the width (Yang et al., 2022), and
    // adapters take ten times as much as weights.
    private const double LoraRate = 2e-4, FullRate = 2e-5, WidthOfRates = 2048;

    /// <summary>The learning rate for a width where none is given, to two digits.</summary>
    public static double UsualRate(int width, bool isLora) => double.Parse(
        (WidthOfRates / width * (isLora ? LoraRate : FullRate)).ToString("0.0e0", CultureInfo.InvariantCulture),
        CultureInfo.InvariantCulture);

    /// <summary>The options that would say what the data has decided, as they are written.</summary>
    public IReadOnlyList<string> Undecided =>
    [
        .. Epochs is null && Steps is null ? (string[])["--epochs"] : [],
        .. BatchTokens is null ? (string[])["--batch-tokens"] : [],
        .. WarmupSteps is null ? (string[])["--warmup-steps"] : [],
        .. LearningRate is null ? (string[])["--learning-rate"] : [],
    ];

    /// <summary>
    /// Takes what is not given from a run that has begun: it goes on as it was begun, also where another version would choose otherwise.
    /// </summary>
    /// <param name="record">The settings of its checkpoint.</param>
    public FinetunePace Or(IReadOnlyDictionary<string, string> record)
    {
        bool isLengthGiven = Epochs is not null || Steps is not null;
        return new FinetunePace(
            isLengthGiven ? Epochs : Recorded<double>("epochs"),
            isLengthGiven ? Steps : Recorded<long>("steps"),
            BatchTokens ?? Recorded<int>("batch_tokens"),
            WarmupSteps ?? Recorded<long>("warmup_steps"),
            LearningRate ?? Recorded<double>("learning_rate"));

        T? Recorded<T>(string name)
            where T : struct, IParsable<T> =>
            T.TryParse(record.GetValueOrDefault(name), CultureInfo.InvariantCulture, out T value) ? value : null;
    }

    /// <summary>Completes settings by what is given and by the data.</summary>
    /// <param name="settings">All else that is asked for.</param>
    /// <param name="data">The data.</param>
    /// <param name="width">Features of the model.</param>
    /// <param name="isLora">Whether adapters are trained.</param>
    public TrainingSettings Settle(TrainingSettings settings, TrainingData data, int width, bool isLora)
    {
        int sequence = settings.SequenceLength, rows = data.Training.RowCount;
        double epochsToFill = Epochs ?? FewestEpochs;
        int batch = BatchTokens
            ?? sequence * (int)Math.Clamp(rows * epochsToFill / FewestSteps, 1, Math.Max(1, MostBatchTokens / sequence));
        settings = settings with { BatchTokens = batch, MicroBatchTokens = Math.Min(batch, Math.Max(sequence, MostTokensOfPass)) };
        double epochs = Epochs
            ?? (Steps is null ? Math.Max(FewestEpochs, Math.Ceiling((double)FewestSteps * settings.Rows() / rows)) : FewestEpochs);
        long steps = Steps ?? data.StepsOf(epochs, settings.Rows());
        return settings with
        {
            Epochs = epochs,
            Steps = Steps,
            WarmupSteps = WarmupSteps ?? Math.Min(MostWarmupSteps, steps / 20),
            LearningRate = LearningRate ?? UsualRate(width, isLora),
        };
    }
}
