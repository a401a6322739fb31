using System.Diagnostics;
using System.Globalization;
using QwenSharp.Cli.Terminals;
using QwenSharp.Training;

namespace QwenSharp.Cli.Training;

/// <summary>
/// Shows how a run goes: one line that is rewritten on a terminal, a line now and then elsewhere, and a line that stays for each
/// evaluation.
/// </summary>
internal sealed class TrainingDisplay(Terminal terminal, TextWriter lines) : IProgress<TrainingProgress>, IDisposable
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(30);

    private readonly ProgressLine _line = new(terminal);
    private long? _written;

    public void Report(TrainingProgress value)
    {
        string text = Text(value);
        if (value.Last.HeldOutLoss is not null || value.Last.Step == value.Steps)
        {
            _line.Dispose();
            Write(text);
        }
        else if (terminal.ErrorMovesCursor)
        {
            _line.Show(text);
        }
        else if (_written is not { } last || Stopwatch.GetElapsedTime(last) >= BetweenLines)
        {
            Write(text);
        }
    }

    public void Dispose() => _line.Dispose();

    private void Write(string text)
    {
        lines.WriteLine(text);
        lines.Flush();
        _written = Stopwatch.GetTimestamp();
    }

    private static string Text(TrainingProgress progress)
    {
        TrainingStep step = progress.Last;
        string heldOut = step.HeldOutLoss is { } loss ? string.Create(CultureInfo.InvariantCulture, $"  held-out {loss:0.0000}") : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"step {step.Step}/{progress.Steps}  loss {step.Loss:0.0000}{heldOut}  rate {step.LearningRate:0.00e0}  gradient "
                + $"{step.GradientNorm:0.00}  {progress.TokensPerSecond:#,0} tokens/s  {Left(progress.TimeLeft)} left"
        );
    }

    private static string Left(TimeSpan time) =>
        time.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min")
        : time.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Seconds} s");
}
