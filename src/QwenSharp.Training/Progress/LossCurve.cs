using System.Globalization;
using System.Text;

namespace QwenSharp.Training;

/// <summary>
/// Draws the loss of a run over its steps as an SVG picture: each step in a light line, their running mean in a strong one, and dots for
/// the held-out part.
/// </summary>
public static class LossCurve
{
    private const int Width = 800, Height = 420, Left = 56, Right = 16, Top = 40, Bottom = 40;

    /// <summary>The picture.</summary>
    /// <param name="title">What was trained.</param>
    /// <param name="steps">The run.</param>
    /// <returns>An SVG document.</returns>
    public static string Draw(string title, IReadOnlyList<TrainingStep> steps)
    {
        StringBuilder svg = new();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {Width} {Height}' font-family='sans-serif' font-size='12'>\n"
        );
        svg.Append(CultureInfo.InvariantCulture, $"<rect width='{Width}' height='{Height}' fill='white'/>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text x='{Left}' y='22' font-size='15'>{Escape(title)}</text>\n");
        if (steps.Count > 0)
            DrawSteps(svg, steps);

        return svg.Append("</svg>\n").ToString();
    }

    private static void DrawSteps(StringBuilder svg, IReadOnlyList<TrainingStep> steps)
    {
        double[] smooth = RunningMean(steps);
        TrainingStep[] heldOut = [.. steps.Where(step => step.HeldOutLoss is not null)];

        // Single steps may leave the picture at the top; what is to be read off must not.
        double high = Math.Max(smooth.Max(), heldOut.Select(step => step.HeldOutLoss!.Value).DefaultIfEmpty(0).Max());
        double tick = TickOf(high / 6);
        high = Math.Max(tick, Math.Ceiling(high / tick) * tick);
        double X(long step) => Left + (double)(step - steps[0].Step) / Math.Max(1, steps[^1].Step - steps[0].Step) * (Width - Left - Right);
        double Y(double loss) => Height - Bottom - Math.Clamp(loss / high, 0, 1) * (Height - Top - Bottom);

        for (double loss = 0; loss <= high * 1.0001; loss += tick)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path d='M{Left} {Y(loss):0.#}H{Width - Right}' stroke='#ddd'/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x='{Left - 8}' y='{Y(loss) + 4:0.#}' text-anchor='end'>{loss:0.###}</text>\n");
        }

        double stepTick = Math.Max(1, TickOf((steps[^1].Step - steps[0].Step) / 8.0));
        for (double step = Math.Ceiling(steps[0].Step / stepTick) * stepTick; step <= steps[^1].Step; step += stepTick)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text x='{X((long)step):0.#}' y='{Height - Bottom + 18}' text-anchor='middle'>{step:0}</text>\n");
        }

        Line(svg, "#b9d4f0", 1, steps.Select(step => (X(step.Step), Y(step.Loss))));
        Line(svg, "#1f5fa8", 2, smooth.Select((loss, i) => (X(steps[i].Step), Y(loss))));
        foreach (TrainingStep step in heldOut)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<circle cx='{X(step.Step):0.#}' cy='{Y(step.HeldOutLoss!.Value):0.#}' r='3' fill='#d2691e'/>\n");
        }

        string last =
            heldOut.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; held-out (dots) {heldOut[^1].HeldOutLoss:0.000}");
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text x='{Width - Right}' y='22' text-anchor='end' fill='#555'>loss (nats a token) by step; last "
                + $"{smooth[^1]:0.000}{last}</text>\n"
        );
    }

    private static void Line(StringBuilder svg, string colour, int width, IEnumerable<(double X, double Y)> points)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<polyline fill='none' stroke='{colour}' stroke-width='{width}' points='");
        foreach ((double x, double y) in points)
            svg.Append(CultureInfo.InvariantCulture, $"{x:0.#},{y:0.#} ");

        svg.Append("'/>\n");
    }

    /// <summary>
    /// The mean over the last fiftieth of the run at each step, so that it is as smooth for a short run as for a long one.
    /// </summary>
    private static double[] RunningMean(IReadOnlyList<TrainingStep> steps)
    {
        int window = Math.Max(1, steps.Count / 50);
        double[] mean = new double[steps.Count];
        double sum = 0;
        for (int i = 0; i < mean.Length; i++)
        {
            sum += steps[i].Loss - (i >= window ? steps[i - window].Loss : 0);
            mean[i] = sum / Math.Min(i + 1, window);
        }

        return mean;
    }

    /// <summary>The next of 1, 2, 5, 10, … of a number's magnitude.</summary>
    private static double TickOf(double least)
    {
        if (!(least > 0))
            return 1;

        double magnitude = Math.Pow(10, Math.Floor(Math.Log10(least)));
        return magnitude * (least / magnitude <= 1 ? 1 : least / magnitude <= 2 ? 2 : least / magnitude <= 5 ? 5 : 10);
    }

    private static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
