using System.Text;
using Microsoft.Extensions.AI;
using QwenSharp.Agent.Events;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Loop;

/// <summary>
/// A conversation near the end of the context goes on with a summary in place of its older part. The model writes the summary, with the
/// same prefix as before; which files were touched and what failed last is known without it. The whole stays in the transcript.
/// </summary>
/// <param name="step">Asks the model.</param>
/// <param name="tools">The tools whose calls say which files were touched.</param>
/// <param name="context">What they work in.</param>
/// <param name="options">The length of the context.</param>
internal sealed class Compaction(ModelStep step, Toolbox tools, ToolContext context, AgentOptions options)
{
    private const string Request = """
        The conversation is about to exceed the context. Write the summary from which the work goes on; nothing else of the conversation
        will be seen. Call no tool. Under these headings, short and exact, with paths, names and numbers:
        1. Asked: what the person wants, in their words, with every constraint.
        2. Plan: the steps, and which are done.
        3. Changed: each file, and what was changed in it.
        4. Learnt: what was found out about the code that the next steps need.
        5. Failed: what was tried and did not work, and why.
        6. Next: the very next step.
        """;

    // Of the context, what the newest messages may keep as they are.
    private const double TailShare = 0.2;

    // What a summary has room for where nobody knows the context.
    private const int UsualContext = 32_768;

    /// <summary>The conversation to go on with.</summary>
    /// <param name="messages">The conversation so far; the first is the system's.</param>
    /// <param name="asked">What is asked of every request, so that the prefix stays the same.</param>
    /// <param name="transcript">Where the whole is kept; null for nowhere.</param>
    /// <param name="cancellationToken">Gives up; the conversation stays.</param>
    public async Task<IReadOnlyList<ChatMessage>> CompactAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions asked, string? transcript, CancellationToken cancellationToken)
    {
        string summary = await SummariseAsync(messages, asked, cancellationToken).ConfigureAwait(false);
        StringBuilder text = new("<summary>\nThe conversation so far was longer than the context. This is its summary.\n\n");
        text.Append(summary.Trim()).Append("\n\n").Append(Known(messages));
        if (transcript is not null)
            text.Append($"The whole conversation is in {transcript}, a JSON object a line; search it for what is missing.\n");

        text.Append("</summary>\nGo on with the work from here.");
        return [messages[0], new ChatMessage(ChatRole.User, text.ToString()), .. Tail(messages)];
    }

    private async Task<string> SummariseAsync(IReadOnlyList<ChatMessage> messages, ChatOptions asked, CancellationToken cancellationToken)
    {
        ChatMessage request = new(ChatRole.User, Request);
        try
        {
            StepAnswer answer = await step.AskAsync([.. messages, request], asked, cancellationToken).ConfigureAwait(false);
            if (!string.IsNullOrWhiteSpace(answer.Message.Text))
                return answer.Message.Text;
        }
        catch (ModelException tooLong) when (tooLong.Fault.Kind == ModelFaultKind.ContextTooLong)
        {
            // The request for the summary no longer fits either: without the long results it does.
            StepAnswer answer = await step
                .AskAsync([.. messages.Select(Shortened), request], asked, cancellationToken)
                .ConfigureAwait(false);
            if (!string.IsNullOrWhiteSpace(answer.Message.Text))
                return answer.Message.Text;
        }

        // A model that cannot sum up must not lose what the person asked.
        IEnumerable<string> prompts = messages.Where(message => message.Role == ChatRole.User).Select(message => message.Text);
        return $"The person asked:\n{string.Join("\n---\n", prompts)}";
    }

    private string Known(IReadOnlyList<ChatMessage> messages)
    {
        SortedSet<string> written = new(StringComparer.Ordinal), read = new(StringComparer.Ordinal);
        foreach (FunctionCallContent call in messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>())
        {
            if (PreparedCall.Of(call, tools, context) is not { Settled: null, Access: var access })
                continue;

            (access.Kind == AccessKind.Write ? written : read).UnionWith(access.Paths.Select(context.Workspace.Shown));
        }

        string[] failed =
        [
            .. messages
                .SelectMany(message => message.Contents)
                .OfType<FunctionResultContent>()
                .Select(result => result.Result as string ?? "")
                .Where(text => text.StartsWith(ToolResults.ErrorMark, StringComparison.Ordinal))
                .TakeLast(5)
                .Select(text => text[..Math.Min(text.Length, 300)]),
        ];
        StringBuilder known = new();
        Append(known, "Files changed", written);
        Append(known, "Files read", read.Except(written, StringComparer.Ordinal));
        Append(known, "Calls that failed last", failed);
        return known.ToString();
    }

    private static void Append(StringBuilder text, string heading, IEnumerable<string> lines)
    {
        string[] all = [.. lines];
        if (all.Length > 0)
            text.Append(heading).Append(":\n- ").AppendJoin("\n- ", all).Append('\n');
    }

    // The newest messages that fit, from an answer of the model on: a result without its call means nothing.
    private IEnumerable<ChatMessage> Tail(IReadOnlyList<ChatMessage> messages)
    {
        long room = (long)((options.ContextLength > 0 ? options.ContextLength : UsualContext) * TailShare), used = 0;
        int from = messages.Count;
        for (int i = messages.Count - 1; i > 1; i--)
        {
            used += TokenEstimate.Of(messages[i]);
            if (used > room)
                break;
            if (messages[i].Role == ChatRole.Assistant)
                from = i;
        }

        return messages.Skip(from);
    }

    private static ChatMessage Shortened(ChatMessage message)
    {
        const int most = 400;
        ChatMessage shorter = message.Clone();
        shorter.Contents =
        [
            .. message.Contents.Select(content => content is FunctionResultContent { Result: string { Length: > most } text } result
                ? new FunctionResultContent(result.CallId, text[..most] + " […]")
                : content),
        ];
        return shorter;
    }
}
