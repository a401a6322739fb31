using Microsoft.Extensions.AI;
using QwenSharp.Agent.Events;
using QwenSharp.Agent.Hooks;
using QwenSharp.Agent.Permissions;
using QwenSharp.Agent.Secrets;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Loop;

/// <summary>
/// Does what the model called for: those calls together that only read, and each of the others alone, in the order in which they were made.
/// </summary>
/// <param name="tools">The tools.</param>
/// <param name="context">What they work in.</param>
/// <param name="options">Permissions and hooks.</param>
/// <param name="tell">Takes what happens.</param>
internal sealed class ToolRunner(Toolbox tools, ToolContext context, AgentOptions options, Action<AgentEvent> tell)
{
    private readonly HookChain _hooks = new(options.Hooks);
    private readonly SecretMask _secrets = new(context.Workspace);

    /// <summary>Runs the calls of an answer.</summary>
    /// <param name="calls">The calls.</param>
    /// <param name="add">Takes the results, in the order of the calls, each as soon as it and those before it are there.</param>
    /// <param name="cancellationToken">Stops what runs.</param>
    public async Task RunAsync(
        IReadOnlyList<FunctionCallContent> calls, Action<FunctionCallContent, ToolResult> add, CancellationToken cancellationToken)
    {
        List<PreparedCall> together = [];
        foreach (FunctionCallContent call in calls)
        {
            PreparedCall prepared = await PermittedAsync(PreparedCall.Of(call, tools, context), cancellationToken).ConfigureAwait(false);
            if (!prepared.OnlyReads)
                await FlushAsync().ConfigureAwait(false);

            together.Add(prepared);
            if (!prepared.OnlyReads)
                await FlushAsync().ConfigureAwait(false);
        }

        await FlushAsync().ConfigureAwait(false);

        async Task FlushAsync()
        {
            Task<ToolResult>[] running = [.. together.Select(call => ResultAsync(call, cancellationToken))];
            foreach ((PreparedCall call, Task<ToolResult> result) in together.Zip(running))
                End(call, await result.ConfigureAwait(false));

            together.Clear();
        }

        void End(PreparedCall call, ToolResult result)
        {
            ToolResult told = result with { Text = context.LongOutputs.Fit(_secrets.Masked(result.Text)) };
            add(call.Call, told);
            tell(new ToolEnded(call.Call.CallId, call.Call.Name, told));
        }
    }

    private async Task<PreparedCall> PermittedAsync(PreparedCall call, CancellationToken cancellationToken)
    {
        if (call.Tool is not { } tool)
            return call;

        HookVerdict before = await _hooks.BeforeToolAsync(call, cancellationToken).ConfigureAwait(false);
        if (before.Arguments is { } changed)
        {
            try
            {
                call = call with { Arguments = changed, Access = tool.AccessOf(new ToolArguments(changed), context) };
            }
            catch (ToolException wrong)
            {
                return call.Failed($"A hook changed the arguments to ones that the tool does not take: {wrong.Message}");
            }
        }

        // A hook may be stricter than the rules, and may answer what they ask; what they deny stays denied.
        Decision decision = options.Permissions.Decide(tool, call.Access);
        if (decision.Verdict != Verdict.Deny && before.Verdict is { } verdict)
            decision = new Decision(verdict, before.Reason ?? "A hook decided so.");

        string? refusal = decision.Verdict switch
        {
            Verdict.Allow => null,
            Verdict.Deny => decision.Reason,
            _ => await AskAsync(call, decision.Reason, cancellationToken).ConfigureAwait(false),
        };
        if (refusal is null)
            return call;

        tell(new CallDenied(call.Call.CallId, call.Call.Name, call.Arguments, refusal));
        return call.Failed($"Not permitted: {refusal.TrimEnd('.')}. Nothing was done. Do not try to get around it.");
    }

    private async Task<string?> AskAsync(PreparedCall call, string reason, CancellationToken cancellationToken)
    {
        PermissionAsked asked = new(call.Call.CallId, call.Call.Name, call.Arguments, call.Access, reason);
        tell(asked);
        string? refusal = await asked.Refusal.WaitAsync(cancellationToken).ConfigureAwait(false);
        return refusal == PermissionAsked.Unanswered ? $"{reason.TrimEnd('.')}, and {refusal}" : refusal;
    }

    private async Task<ToolResult> ResultAsync(PreparedCall call, CancellationToken cancellationToken)
    {
        if (call.Settled is { } settled)
            return settled;

        tell(new ToolStarted(call.Call.CallId, call.Call.Name, call.Arguments));
        ToolResult result;
        try
        {
            result = await call.Tool!.RunAsync(new ToolArguments(call.Arguments), context, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // What no tool expected must not end the work: the model may know another way.
            result = new ToolResult(failure.Message) { IsError = true };
        }

        return await _hooks.AfterToolAsync(call, result, cancellationToken).ConfigureAwait(false);
    }
}
