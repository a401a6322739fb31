using QwenSharp.Agent.Loop;
using QwenSharp.Agent.Permissions;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Hooks;

/// <summary>Several hooks as one: each is asked in turn until one denies; of the others' verdicts the strictest counts.</summary>
/// <param name="hooks">The hooks.</param>
internal sealed class HookChain(IReadOnlyList<AgentHook> hooks)
{
    public Task<HookVerdict> PromptAsync(string prompt, CancellationToken cancellationToken) =>
        AskAsync((hook, _) => hook.PromptAsync(prompt, cancellationToken));

    public Task<HookVerdict> BeforeToolAsync(PreparedCall call, CancellationToken cancellationToken) => AskAsync(
        (hook, soFar) => hook.BeforeToolAsync(call.Call.Name, soFar.Arguments ?? call.Arguments, cancellationToken));

    public Task<HookVerdict> StopAsync(bool isAgain, CancellationToken cancellationToken) =>
        AskAsync((hook, _) => hook.StopAsync(isAgain, cancellationToken));

    /// <summary>The result as the model is told it after the hooks have seen it.</summary>
    public async Task<ToolResult> AfterToolAsync(PreparedCall call, ToolResult result, CancellationToken cancellationToken)
    {
        HookVerdict after = await AskAsync((hook, _) =>
            hook.AfterToolAsync(call.Call.Name, call.Arguments, result, cancellationToken)).ConfigureAwait(false);
        string[] told = [.. new[] { after.Verdict == Verdict.Deny ? after.Reason : null, after.AddedContext }.OfType<string>()];
        return told.Length == 0 ? result : result with { Text = $"{result.Text}\n\nHook: {string.Join('\n', told)}" };
    }

    private async Task<HookVerdict> AskAsync(Func<AgentHook, HookVerdict, Task<HookVerdict>> ask)
    {
        HookVerdict all = HookVerdict.None;
        foreach (AgentHook hook in hooks)
        {
            HookVerdict one = await ask(hook, all).ConfigureAwait(false);
            bool isStricter = one.Verdict is { } verdict && (all.Verdict is not { } before || verdict > before);
            all = new HookVerdict
            {
                Verdict = isStricter ? one.Verdict : all.Verdict,
                Reason = isStricter ? one.Reason : all.Reason,
                Arguments = one.Arguments ?? all.Arguments,
                AddedContext = string.Join('\n', new[] { all.AddedContext, one.AddedContext }.OfType<string>()) is { Length: > 0 } added
                    ? added
                    : null,
            };
            if (all.Verdict == Verdict.Deny)
                break;
        }

        return all;
    }
}
