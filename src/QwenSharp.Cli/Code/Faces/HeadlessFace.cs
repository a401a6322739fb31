using QwenSharp.Agent.Events;

namespace QwenSharp.Cli.Code.Faces;

/// <summary>How the work on a prompt is told where nobody sits at the terminal.</summary>
internal abstract class HeadlessFace
{
    /// <summary>Work begins.</summary>
    public virtual void Begin()
    {
    }

    /// <summary>Something happened.</summary>
    public abstract void Tell(AgentEvent told);

    /// <summary>The work ended, or was interrupted.</summary>
    public abstract void End(RunResult result);
}
