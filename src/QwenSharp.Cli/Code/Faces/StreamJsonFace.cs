using System.Text.Json.Nodes;
using QwenSharp.Agent.Events;
using QwenSharp.Cli.Commands;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Code.Faces;

/// <summary>A JSON object a line, as it happens.</summary>
internal sealed class StreamJsonFace(Terminal terminal, ClaudeEvents events) : HeadlessFace
{
    public override void Begin() => Write(events.Init());

    public override void Tell(AgentEvent told)
    {
        if (told is TurnEnded { Message.Contents.Count: > 0 } turn)
            Write(events.Assistant(turn));
        else if (told is ToolEnded ended)
            Write(events.ToolResult(ended));
    }

    public override void End(RunResult result) => Write(events.Result(result));

    private void Write(JsonObject line)
    {
        terminal.Out.WriteLine(line.ToJsonString(Output.JsonText));
        terminal.Out.Flush();
    }
}
