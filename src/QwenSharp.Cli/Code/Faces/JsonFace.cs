using QwenSharp.Agent.Events;
using QwenSharp.Cli.Commands;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Code.Faces;

/// <summary>One JSON object at the end.</summary>
internal sealed class JsonFace(Terminal terminal, ClaudeEvents events) : HeadlessFace
{
    public override void Tell(AgentEvent told)
    {
    }

    public override void End(RunResult result) => terminal.Out.WriteLine(events.Result(result).ToJsonString(Output.JsonText));
}
