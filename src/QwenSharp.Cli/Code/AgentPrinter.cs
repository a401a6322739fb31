using QwenSharp.Agent.Events;
using QwenSharp.Agent.Tools;
using QwenSharp.Cli.Code.Faces;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Code;

/// <summary>Shows the work of an agent as it happens: text as it is, thoughts and calls in grey, diffs in colours.</summary>
/// <param name="terminal">Where the person sits.</param>
internal sealed class AgentPrinter(Terminal terminal)
{
    // Of a result the person sees the beginning; the model has the rest.
    private const int MostLines = 12;

    private WordWrap? _wrap;
    private Stream _writing;

    private enum Stream
    {
        Nothing,
        Text,
        Thinking,
    }

    /// <summary>Shows an event.</summary>
    public void Print(AgentEvent told)
    {
        switch (told)
        {
            case TextDelta text:
                Write(Stream.Text, text.Text);
                break;
            case ThinkingDelta thought:
                Write(Stream.Thinking, thought.Text);
                break;
            case ToolStarted started:
                Line(terminal.Dim(terminal.Safe($"• {Notices.Call(started.Tool, started.Arguments)}")));
                break;
            case ToolEnded ended:
                Result(ended.Result);
                break;
            case PermissionAsked:
                End();
                break;
            case AgentDone done:
                End();
                if (done.Outcome != AgentOutcome.Answered)
                    terminal.Fail(done.Text);

                break;
            default:
                if (Notices.Of(told) is { } notice)
                    Line(terminal.Dim(terminal.Safe(notice)));

                break;
        }

        terminal.Out.Flush();
    }

    /// <summary>Ends the line that is being written.</summary>
    public void End()
    {
        if (_writing == Stream.Nothing)
            return;

        terminal.Out.WriteLine(Styled(_wrap?.Finish() ?? ""));
        (_writing, _wrap) = (Stream.Nothing, null);
    }

    private void Write(Stream stream, string text)
    {
        if (_writing != stream)
        {
            End();
            (_writing, _wrap) = (stream, terminal.Wrap());
        }

        string safe = terminal.Safe(text);
        terminal.Out.Write(Styled(_wrap?.Push(safe) ?? safe));
    }

    private string Styled(string text) => _writing == Stream.Thinking ? terminal.Dim(text) : text;

    private void Line(string text)
    {
        End();
        terminal.Out.WriteLine(text);
    }

    private void Result(ToolResult result)
    {
        string[] lines = (result.Display ?? result.Text).TrimEnd().Split('\n');
        foreach (string line in lines.Take(MostLines))
            Line("  " + Coloured(terminal.Safe(line.TrimEnd('\r')), result.Display is not null));

        if (lines.Length > MostLines)
            Line(terminal.Dim($"  … {lines.Length - MostLines} lines more"));
    }

    private string Coloured(string line, bool isDiff) =>
        !isDiff || !terminal.Styled ? terminal.Dim(line)
        : line.StartsWith('+') ? $"\e[32m{line}\e[39m"
        : line.StartsWith('-') ? $"\e[31m{line}\e[39m"
        : terminal.Dim(line);
}
