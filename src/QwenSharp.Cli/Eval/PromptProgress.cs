using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Eval;

/// <summary>Shows how many of all prompts are answered, whichever thread says so.</summary>
internal static class PromptProgress
{
    public static Action<int> On(ProgressLine line, int all) => done =>
    {
        lock (line)
            line.Show($"{100L * done / all,3} %  {done} of {all} prompts");
    };
}
