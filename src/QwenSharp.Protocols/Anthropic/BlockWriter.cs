using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>Parts of an answer as blocks: one is open at a time, and ends where something of another kind follows.</summary>
internal sealed class BlockWriter(MessageHeader header, ThoughtSigner signer)
{
    private static readonly JsonElement Empty = JsonElement.Parse("{}");

    private readonly StringBuilder _thought = new();
    private string? _signature;
    private Kind _open;
    private int _index = -1;

    private enum Kind
    {
        None,
        Thought,
        Redacted,
        Text,
        Call,
    }

    /// <summary>The events of a part.</summary>
    public IEnumerable<MessageEvent> Write(AnswerPart part)
    {
        if (part.Reasoning.Length > 0)
        {
            foreach (MessageEvent written in Open(Kind.Thought, new ThinkingBlock("", "")))
                yield return written;

            if (!header.HidesThinking)
            {
                _thought.Append(part.Reasoning);
                yield return new ContentBlockDelta(_index, new ThinkingDelta(part.Reasoning));
            }
        }

        foreach (MessageEvent written in part.Protected is { } kept ? Keep(kept) : [])
            yield return written;

        if (part.Text.Length > 0)
        {
            foreach (MessageEvent written in Open(Kind.Text, new TextBlock("")))
                yield return written;

            yield return new ContentBlockDelta(_index, new TextDelta(part.Text));
        }

        foreach (CallPart call in part.Calls)
        {
            IEnumerable<MessageEvent> begin = call.Begins ? Open(Kind.Call, new ToolUseBlock(call.Id, call.Name, Empty)) : [];
            foreach (MessageEvent written in begin)
                yield return written;

            if (call.Arguments.Length > 0)
                yield return new ContentBlockDelta(_index, new InputJsonDelta(call.Arguments));

            foreach (MessageEvent written in call.Whole is null ? [] : Close())
                yield return written;
        }
    }

    /// <summary>The events that end the open block.</summary>
    public IEnumerable<MessageEvent> Close()
    {
        if (_open == Kind.Thought)
            yield return new ContentBlockDelta(_index, new SignatureDelta(_signature ?? signer.Sign(_thought.ToString())));

        if (_open != Kind.None)
            yield return new ContentBlockStop(_index);

        _open = Kind.None;
        _thought.Clear();
        _signature = null;
    }

    // The signature of the thought that is open; one that is open already has an end, which another begins behind.
    private IEnumerable<MessageEvent> Keep(TextReasoningContent kept)
    {
        string signature = ForeignThought.Sign(kept);
        if (ForeignThought.IsRedacted(kept))
        {
            foreach (MessageEvent written in Open(Kind.Redacted, new RedactedThinkingBlock(signature)).Concat(Close()))
                yield return written;

            yield break;
        }

        foreach (MessageEvent written in Open(Kind.Thought, new ThinkingBlock("", "")))
            yield return written;

        _signature = signature;
        foreach (MessageEvent written in Close())
            yield return written;
    }

    private IEnumerable<MessageEvent> Open(Kind kind, ContentBlock block)
    {
        if (_open == kind && kind != Kind.Call)
            yield break;

        foreach (MessageEvent written in Close())
            yield return written;

        _open = kind;
        yield return new ContentBlockStart(++_index, block);
    }
}
