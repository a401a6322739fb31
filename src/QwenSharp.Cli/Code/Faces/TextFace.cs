using QwenSharp.Agent.Events;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Code.Faces;

/// <summary>The last answer on standard output, and what a person should know meanwhile on standard error.</summary>
/// <param name="terminal">Where it goes.</param>
/// <param name="verbose">Whether the calls are told too.</param>
internal sealed class TextFace(Terminal terminal, bool verbose) : HeadlessFace
{
    public override void Tell(AgentEvent told)
    {
        string? line = Notices.Of(told) ?? (verbose ? Notices.OfCall(told) : null);
        if (line is null)
            return;

        terminal.Error.WriteLine(terminal.Dim(terminal.Safe(line)));
        terminal.Error.Flush();
    }

    public override void End(RunResult result)
    {
        if (result.IsError)
            terminal.Fail(result.Done.Text);
        else
            terminal.Out.WriteLine(terminal.Safe(result.Done.Text));
    }
}
