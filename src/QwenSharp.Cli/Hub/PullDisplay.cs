using System.Diagnostics;
using QwenSharp.Cli.Commands;
using QwenSharp.Cli.Terminals;
using QwenSharp.Hub;

namespace QwenSharp.Cli.Hub;

/// <summary>One line that tells how far a pull is, rewritten in place; nothing where there is no terminal to rewrite it on.</summary>
internal sealed class PullDisplay(Terminal terminal) : IProgress<PullProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private (string File, PullPhase Phase) _at;
    private long _started;
    private long _startBytes;
    private long _shown;

    public void Report(PullProgress value)
    {
        if (!terminal.MovesCursor)
            return;

        lock (_gate)
        {
            bool begins = _at != (value.File, value.Phase) || value.Done < _startBytes;
            if (begins)
                (_at, _started, _startBytes) = ((value.File, value.Phase), Stopwatch.GetTimestamp(), value.Done);
            else if (Stopwatch.GetElapsedTime(_shown) < Interval && value.Done < value.Total)
                return;

            _shown = Stopwatch.GetTimestamp();
            string line = Line(value, Stopwatch.GetElapsedTime(_started).TotalSeconds, value.Done - _startBytes);
            terminal.Out.Write($"\r{line[..Math.Min(line.Length, terminal.Width - 1)]}\e[K");
            terminal.Out.Flush();
        }
    }

    /// <summary>Takes the line away.</summary>
    public void Clear()
    {
        if (!terminal.MovesCursor)
            return;

        lock (_gate)
            terminal.Out.Write("\r\e[K");
    }

    /// <summary>What the line says.</summary>
    /// <param name="at">How far it is.</param>
    /// <param name="seconds">How long it has been going on.</param>
    /// <param name="bytes">The bytes of that time.</param>
    internal static string Line(PullProgress at, double seconds, long bytes)
    {
        string file = terminalSafe(Path.GetFileName(at.File));
        if (at.Phase == PullPhase.Waiting)
            return $"{file}  another process is pulling it; waiting";

        double rate = seconds > 0.2 ? bytes / seconds : 0;
        string share = at.Total > 0 ? $"{100.0 * at.Done / at.Total,3:0} %" : "100 %";
        string left =
            rate > 0 && at.Phase == PullPhase.Transferring
                ? $"  {Output.Bytes((long)rate)}/s  {TimeSpan.FromSeconds(Math.Min((at.Total - at.Done) / rate, 359999)):hh\\:mm\\:ss} left"
                : "";
        return $"{file}  {share}  {Output.Bytes(at.Done)} of "
            + $"{Output.Bytes(at.Total)}{(at.Phase == PullPhase.Checking ? "  checking" : "")}{left}";

        static string terminalSafe(string name) => string.Concat(name.Where(c => !char.IsControl(c)));
    }
}
