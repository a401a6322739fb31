using System.Globalization;
using QwenSharp.Training;

namespace QwenSharp.Cli.Training;

/// <summary>Why a run will hardly learn what it is for, said before it begins, each with what to change.</summary>
internal static class TrainingDoubts
{
    // A tenth of what a new task takes: such a run may only be a trial.
    private const int FewSteps = 30;

    private const double FarFromUsual = 30;

    /// <summary>The doubts; none where the run may learn.</summary>
    /// <param name="settings">What is asked for.</param>
    /// <param name="steps">Updates of the run.</param>
    /// <param name="data">The data.</param>
    /// <param name="usualRate">A learning rate that such a model takes; null where none is known.</param>
    /// <param name="nameOf">A setting as its user writes it, by its name in a configuration file.</param>
    public static IEnumerable<string> Of(
        TrainingSettings settings,
        long steps,
        TrainingData data,
        double? usualRate,
        Func<string, string> nameOf)
    {
        if (steps < FewSteps)
        {
            yield return $"{Count(steps, "update")} {(steps == 1 ? "is" : "are")} few to learn anything new: "
                + $"more {nameOf("epochs")} or {nameOf("steps")}, or fewer {nameOf("batch_tokens")}, are more updates.";
        }

        long warmup = settings.WarmupOf(steps);
        if (warmup > steps / 2 && warmup > 0)
        {
            yield return $"The learning rate rises in {(warmup >= steps ? "all" : $"{warmup} of the")} {Count(steps, "update")}"
                + $"{(warmup > steps ? Invariant($" and does not get to {settings.LearningRate}") : "")}: "
                + $"{nameOf("warmup_steps")} should be a tenth of them or less.";
        }

        if (usualRate is { } usual && settings.LearningRate < usual / FarFromUsual)
        {
            yield return Invariant(
                $"A learning rate of {settings.LearningRate:0.0e0} hardly moves this model, which usually takes some {usual:0.0e0}: ")
                + $"raise {nameOf("learning_rate")}.";
        }

        if (usualRate is { } low && settings.LearningRate > low * FarFromUsual)
        {
            yield return Invariant(
                $"A learning rate of {settings.LearningRate:0.0e0} may tear this model apart, which usually takes some {low:0.0e0}: ")
                + $"lower {nameOf("learning_rate")}.";
        }

        int kept = data.Training.Count + data.HeldOut.Count;
        if (2 * data.CutCount >= kept && data.CutCount > 0)
        {
            yield return $"{(data.CutCount >= kept ? "All" : $"{data.CutCount} of {kept}")} examples are longer than a row of "
                + $"{settings.SequenceLength} tokens: their answers are cut, and how they end is not learnt. "
                + $"Raise {nameOf("sequence_length")}.";
        }

        if (data.DroppedCount > kept)
        {
            yield return $"{data.DroppedCount} examples are left out, more than the {kept} that are learnt from: "
                + $"raise {nameOf("sequence_length")} if their prompts alone fill a row.";
        }
    }

    private static string Count(long count, string what) => Invariant($"{count:#,0} {what}{(count == 1 ? "" : "s")}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
