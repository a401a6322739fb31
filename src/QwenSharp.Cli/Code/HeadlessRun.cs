using System.Diagnostics;
using QwenSharp.Agent.Events;
using QwenSharp.Cli.Code.Faces;

namespace QwenSharp.Cli.Code;

/// <summary>Work on prompts where nobody sits at the terminal: a call that would be asked for is denied, and the model is told.</summary>
/// <param name="opened">The agent.</param>
/// <param name="face">Who is told.</param>
internal sealed class HeadlessRun(OpenedAgent opened, HeadlessFace face)
{
    /// <summary>Works on the prompts, one after the other.</summary>
    /// <returns>The exit code: that of the last prompt.</returns>
    public async Task<int> RunAsync(IAsyncEnumerable<string> prompts, CancellationToken stop)
    {
        int code = ExitCode.Ok;
        await foreach (string prompt in prompts.ConfigureAwait(false))
            code = await RunAsync(prompt, stop).ConfigureAwait(false);

        return code;
    }

    private async Task<int> RunAsync(string prompt, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        List<CallDenied> denials = [];
        face.Begin();
        RunResult? result = null;
        await foreach (AgentEvent told in opened.Agent.RunAsync(prompt, stop).ConfigureAwait(false))
        {
            if (told is CallDenied denied)
                denials.Add(denied);
            if (told is AgentDone done)
                result = new RunResult(done, Stopwatch.GetElapsedTime(start), denials);

            face.Tell(told);
        }

        face.End(result!);
        return result!.Code;
    }
}
