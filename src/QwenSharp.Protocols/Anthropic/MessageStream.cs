using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>An answer on Anthropic's wire: as events while it comes, or the same events folded into one message.</summary>
public static class MessageStream
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The events: <c>message_start</c>, the blocks one after the other, <c>message_delta</c> and <c>message_stop</c>, with a <c>ping</c>
    /// at the beginning and every ten seconds that nothing else comes.
    /// </summary>
    /// <param name="answers">The answer, one choice.</param>
    /// <param name="header">What is known before.</param>
    /// <param name="signer">Signs thoughts.</param>
    /// <param name="cancellationToken">Stops the stream.</param>
    public static async IAsyncEnumerable<MessageEvent> ToEventsAsync(
        AnswerStream answers,
        MessageHeader header,
        ThoughtSigner signer,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        BlockWriter blocks = new(header, signer);
        bool begun = false;
        (ChatFinishReason finish, string? stop) = (ChatFinishReason.Stop, null);
        IAsyncEnumerable<AnswerPart?> parts = Pulse.In(answers.ReadAsync(cancellationToken), Pause, cancellationToken);
        await foreach (AnswerPart? part in parts.ConfigureAwait(false))
        {
            if (!begun)
                yield return new MessageStart(new(header.Id, header.Model, [], null, null, new(header.CountPrompt(), 0, 0, 0)));

            begun = true;
            if (part is null)
            {
                yield return new Ping();
                continue;
            }

            foreach (MessageEvent written in blocks.Write(part))
                yield return written;

            (finish, stop) = (part.Finish ?? finish, part.StopSequence ?? stop);
        }

        foreach (MessageEvent written in blocks.Close())
            yield return written;

        MessageUsage usage = MessageUsage.Of(answers.Usage);
        yield return new MessageDelta(new(StopReason(finish, stop, usage.OutputTokens < header.MaxTokens), stop), usage);
        yield return new MessageStop();
    }

    /// <summary>The events as one message.</summary>
    /// <inheritdoc cref="ToEventsAsync" path="/param"/>
    public static async Task<Message> FoldAsync(
        AnswerStream answers, MessageHeader header, ThoughtSigner signer, CancellationToken cancellationToken)
    {
        Message? message = null;
        List<ContentBlock> content = [];
        StringBuilder text = new();
        string signature = "";
        await foreach (MessageEvent next in ToEventsAsync(answers, header, signer, cancellationToken).ConfigureAwait(false))
        {
            switch (next)
            {
                case MessageStart start:
                    message = start.Message;
                    break;
                case ContentBlockStart start:
                    content.Add(start.ContentBlock);
                    text.Clear();
                    break;
                case ContentBlockDelta { Delta: SignatureDelta delta }:
                    signature = delta.Signature;
                    break;
                case ContentBlockDelta { Delta: var delta }:
                    text.Append(delta switch
                    {
                        TextDelta more => more.Text,
                        ThinkingDelta more => more.Thinking,
                        InputJsonDelta more => more.PartialJson,
                        _ => "",
                    });
                    break;
                case ContentBlockStop:
                    content[^1] = content[^1] switch
                    {
                        ThinkingBlock => new ThinkingBlock(text.ToString(), signature),
                        RedactedThinkingBlock hidden => hidden,
                        ToolUseBlock call => call with { Input = Input(text.ToString()) },
                        _ => new TextBlock(text.ToString()),
                    };
                    break;
                case MessageDelta end:
                    message = message! with
                    {
                        Content = content,
                        StopReason = end.Delta.StopReason,
                        StopSequence = end.Delta.StopSequence,
                        Usage = end.Usage,
                    };
                    break;
            }
        }

        return message!;
    }

    // A text that was cut, or that is nested too deep to be written again, has no other form here: what of it can be told is told.
    private static JsonElement Input(string text)
    {
        try
        {
            return WireArguments.Read(text);
        }
        catch (JsonException)
        {
            return JsonElement.Parse("{}");
        }
    }

    // An answer that ran out of tokens before it had as many as were asked for has filled the context. One that was ended because it went
    // round in circles has said what it had to say.
    private static string StopReason(ChatFinishReason reason, string? stop, bool hasTokensLeft) => reason switch
    {
        _ when reason == ChatFinishReason.ToolCalls => "tool_use",
        _ when reason == ChatFinishReason.Length => hasTokensLeft ? "model_context_window_exceeded" : "max_tokens",
        _ when reason == ChatFinishReason.ContentFilter || reason == FurtherFinishReasons.Refusal => "refusal",
        _ when reason == FurtherFinishReasons.Pause => "pause_turn",
        _ => stop is null ? "end_turn" : "stop_sequence",
    };
}
