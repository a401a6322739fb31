using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.AI;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Run;

/// <summary>An answer that has been shown: its message, why it ended and how long it took.</summary>
internal sealed record Answer(ChatMessage Message, ChatFinishReason? Finish, AnswerStatistics Statistics);

/// <summary>
/// Shows an answer while it is generated. Reasoning is dim on a terminal; where the output is redirected it goes to
/// standard error, so that a pipe gets the answer alone.
/// </summary>
internal sealed class AnswerPrinter(Terminal terminal)
{
    private readonly StringBuilder _content = new();
    private readonly StringBuilder _reasoning = new();
    private readonly Stopwatch _clock = new();
    private readonly WordWrap? _wrap = terminal.Wrap();
    private UsageDetails? _usage;
    private ChatFinishReason? _finish;
    private TimeSpan? _firstToken;
    private TimeSpan _sinceStart;

    /// <summary>Whether text is shown at all; off for <c>--json</c>.</summary>
    public bool Visible { get; init; } = true;

    /// <summary>Shows the updates as they come. On cancellation <see cref="Result"/> still has what came until then.</summary>
    public async Task PrintAsync(IAsyncEnumerable<ChatResponseUpdate> updates, CancellationToken cancellationToken)
    {
        _clock.Start();
        try
        {
            await foreach (ChatResponseUpdate update in updates.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                foreach (AIContent content in update.Contents)
                    Print(content);

                _finish = update.FinishReason ?? _finish;
            }
        }
        finally
        {
            _clock.Stop();
            if (Visible && _content.Length + _reasoning.Length > 0)
            {
                ShowRest();
                terminal.Out.WriteLine();
            }

            terminal.Out.Flush();
        }
    }

    /// <summary>What has been shown.</summary>
    public Answer Result()
    {
        List<AIContent> contents = [];
        if (_reasoning.Length > 0)
            contents.Add(new TextReasoningContent(_reasoning.ToString()));

        contents.Add(new TextContent(_content.ToString()));
        AnswerStatistics statistics = new(
            (int)(_usage?.InputTokenCount ?? 0), (int)(_usage?.OutputTokenCount ?? 0), _firstToken ?? _clock.Elapsed, _clock.Elapsed)
        {
            SinceProcessStart = _sinceStart,
        };
        return new Answer(new ChatMessage(ChatRole.Assistant, contents), _finish, statistics);
    }

    private void Print(AIContent content)
    {
        switch (content)
        {
            case TextReasoningContent reasoning:
                Begin(reasoning.Text);
                _reasoning.Append(reasoning.Text);
                if (Visible)
                    Show(terminal.OutputIsTerminal ? terminal.Out : terminal.Error, terminal.Dim(Wrapped(reasoning.Text)));

                break;
            case TextContent text:
                Begin(text.Text);
                if (Visible && _content.Length == 0 && _reasoning.Length > 0 && text.Text.Length > 0)
                {
                    ShowRest();
                    Show(terminal.OutputIsTerminal ? terminal.Out : terminal.Error, Wrapped("\n"));
                }

                _content.Append(text.Text);
                if (Visible)
                    Show(terminal.Out, Wrapped(text.Text));

                break;
            case UsageContent usage:
                _usage = usage.Details;
                break;
            default:
                throw new NotSupportedException($"The model answered with {content.GetType().Name}, which 'run' cannot show.");
        }
    }

    private string Wrapped(string text) => _wrap?.Push(terminal.Safe(text)) ?? terminal.Safe(text);

    /// <summary>The word that was held back, in the style of what it belongs to.</summary>
    private void ShowRest()
    {
        if (_wrap?.Finish() is { Length: > 0 } rest)
            Show(terminal.Out, _content.Length > 0 ? rest : terminal.Dim(rest));
    }

    private void Begin(string text)
    {
        if (text.Length == 0 || _firstToken is not null)
            return;

        _firstToken = _clock.Elapsed;
        _sinceStart = AnswerStatistics.ProcessAge();
    }

    private static void Show(TextWriter writer, string text)
    {
        writer.Write(text);
        writer.Flush();
    }
}
