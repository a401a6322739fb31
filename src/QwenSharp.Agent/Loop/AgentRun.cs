using Microsoft.Extensions.AI;
using QwenSharp.Agent.Events;
using QwenSharp.Agent.Hooks;
using QwenSharp.Agent.Tools;
using QwenSharp.Chat;

namespace QwenSharp.Agent.Loop;

/// <summary>The work on one prompt: ask, do, tell, until the model has nothing more to do.</summary>
/// <param name="parts">What it is done with.</param>
/// <param name="prompt">What the person wants.</param>
internal sealed class AgentRun(RunParts parts, string prompt)
{
    private readonly AgentOptions _options = parts.Options;
    private readonly Conversation _conversation = parts.Conversation;
    private readonly HookChain _hooks = new(parts.Options.Hooks);
    private readonly RepeatWatch _repeats = new();
    private readonly UsageDetails _usage = new();
    private readonly ChatOptions _asked = Asked(parts);
    private string _answer = "";
    private int _turns;
    private bool _nudged, _repeating, _kept;

    /// <summary>Works until the end, which it tells.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        HookVerdict allowed = await _hooks.PromptAsync(prompt, cancellationToken).ConfigureAwait(false);
        if (allowed.Verdict == Permissions.Verdict.Deny)
        {
            Done(AgentOutcome.Blocked, allowed.Reason ?? "A hook did not let the prompt pass.");
            return;
        }

        Begin(allowed.AddedContext);
        ToolRunner runner = new(parts.Tools, parts.Context, _options, parts.Tell);
        try
        {
            AgentOutcome outcome = await LoopAsync(runner, cancellationToken).ConfigureAwait(false);
            Done(outcome, outcome switch
            {
                AgentOutcome.TurnLimit => $"The limit of {_options.MaxTurns} turns is reached; the work is not finished.",
                AgentOutcome.Repeating => $"The model made the same call {RepeatWatch.End} times with the same result; it is stuck.",
                _ => _answer,
            });
        }
        catch (ModelException failure)
        {
            // What was said before a reminder was an answer all the same.
            if (_nudged && _answer.Length > 0)
                Done(AgentOutcome.Answered, _answer);
            else
                Done(AgentOutcome.Failed, failure.Fault.Problem);
        }
        finally
        {
            _conversation.CloseOpenCalls();
        }
    }

    /// <summary>Sums the conversation up.</summary>
    public async Task CompactAsync(CancellationToken cancellationToken)
    {
        if (_conversation.Messages.Count <= 2)
            return;

        long before = _conversation.Tokens;
        Compaction compaction = new(parts.Step, parts.Tools, parts.Context, _options);
        _conversation.Replace(await compaction
            .CompactAsync(_conversation.Messages, _asked, _options.Session?.TranscriptPath, cancellationToken)
            .ConfigureAwait(false));
        parts.Tell(new Compacted(before, _conversation.Tokens));
    }

    private void Begin(string? added)
    {
        if (_conversation.Messages.Count == 0)
            _conversation.Add(new ChatMessage(ChatRole.System, _options.SystemPrompt));

        _conversation.CloseOpenCalls();
        string?[] texts = [parts.ChangedSurroundings(), added, prompt];
        _conversation.Add(new ChatMessage(ChatRole.User, string.Join("\n\n", texts.Where(text => !string.IsNullOrEmpty(text)))));
    }

    private async Task<AgentOutcome> LoopAsync(ToolRunner runner, CancellationToken cancellationToken)
    {
        for (; ; )
        {
            if (_turns >= _options.MaxTurns)
                return AgentOutcome.TurnLimit;

            StepAnswer answer = SettledAnswer.Of(await AskAsync(cancellationToken).ConfigureAwait(false), parts.Tools.Declared);
            _turns++;
            Count(answer);
            if (answer.Calls.Count > 0)
            {
                _nudged = false;
                await runner.RunAsync(answer.Calls, Add, cancellationToken).ConfigureAwait(false);
                if (_repeating)
                    return AgentOutcome.Repeating;
            }
            else if (Reminder(answer) is { } reminder)
            {
                _nudged = true;
                parts.Tell(new Nudged());
                _conversation.Add(new ChatMessage(ChatRole.User, reminder));
            }
            else if (await _hooks.StopAsync(_kept, cancellationToken).ConfigureAwait(false) is { Verdict: Permissions.Verdict.Deny } goesOn)
            {
                _kept = true;
                _conversation.Add(new ChatMessage(ChatRole.User, goesOn.Reason ?? "Go on."));
            }
            else
            {
                return AgentOutcome.Answered;
            }
        }
    }

    private async Task<StepAnswer> AskAsync(CancellationToken cancellationToken)
    {
        if (_options.ContextLength > 0 && _conversation.Tokens > _options.ContextLength * _options.CompactAt)
            await CompactAsync(cancellationToken).ConfigureAwait(false);

        try
        {
            return await parts.Step.AskAsync(_conversation.Messages, _asked, cancellationToken).ConfigureAwait(false);
        }
        catch (ModelException failure) when (failure.Fault.Kind == ModelFaultKind.ContextTooLong)
        {
            if (_conversation.Messages.Count <= 2)
            {
                throw new ModelException(
                    failure.Fault with
                    {
                        Problem = "The instructions, the tools and the prompt alone are longer than the model's context: it takes a model "
                            + $"with a longer one, or fewer tools. ({failure.Fault.Problem})",
                    },
                    failure);
            }

            await CompactAsync(cancellationToken).ConfigureAwait(false);
            return await parts.Step.AskAsync(_conversation.Messages, _asked, cancellationToken).ConfigureAwait(false);
        }
    }

    private void Count(StepAnswer answer)
    {
        if (answer.Usage is { } usage)
            _usage.Add(usage);
        if (answer.Message.Text.Length > 0)
            _answer = answer.Message.Text;

        // An empty message has no form on most wires.
        if (answer.Message.Contents.Count > 0)
            _conversation.Add(answer.Message, answer.Usage);

        parts.Tell(new TurnEnded(answer.Message, answer.Usage, answer.Model));
    }

    private string? Reminder(StepAnswer answer) =>
        _nudged || _options.Tools.Count == 0 ? null
        : answer.Finish == ChatFinishReason.Length ? Intention.CutReminder
        : answer.Message.Text.Length == 0 ? Intention.EmptyReminder
        : Intention.IsAnnouncedIn(answer.Message.Text) ? Intention.Reminder
        : null;

    private void Add(FunctionCallContent call, ToolResult result)
    {
        int times = _repeats.Count(call, CallArguments.Json(call), result.Text);
        _repeating |= times >= RepeatWatch.End;
        _conversation.Add(ToolResults.Message(call, times < RepeatWatch.Tell ? result : result with
        {
            Text = $"{result.Text}\n(The same call has given the same result {times} times in a row. Do something else.)",
        }));
    }

    private void Done(AgentOutcome outcome, string text) => parts.Tell(new AgentDone(outcome, text, _turns, _usage));

    private static ChatOptions Asked(RunParts parts)
    {
        ChatOptions asked = parts.Options.Chat.Clone();
        asked.Tools = parts.Tools.Declared.Count > 0 ? [.. parts.Tools.Declared] : null;
        if (parts.Options.ThinkingBudget is { } budget)
            (asked.AdditionalProperties ??= [])[ChatOptionKeys.ThinkingBudget] = budget;

        return asked;
    }
}
