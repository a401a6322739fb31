using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>Parts of an answer as blocks: one is open at a time, and ends where something of another kind follows.</summary>
internal sealed class BlockWriter(MessageHeader header, ThoughtSigner signer)
{
    // The neutral library's options know its dictionary of arguments, but would indent.
    private static readonly JsonTypeInfo Arguments = new JsonSerializerOptions(AIJsonUtilities.DefaultOptions)
    {
        WriteIndented = false,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,

        // A model's arguments may be as deep as their reader takes; the object around them is one level more.
        MaxDepth = 128,
    }.GetTypeInfo(typeof(IDictionary<string, object?>));

    private static readonly JsonElement Empty = JsonElement.Parse("{}");

    private readonly StringBuilder _thought = new();
    private Kind _open;
    private int _index = -1;

    private enum Kind
    {
        None,
        Thought,
        Text,
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

        if (part.Text.Length > 0)
        {
            foreach (MessageEvent written in Open(Kind.Text, new TextBlock("")))
                yield return written;

            yield return new ContentBlockDelta(_index, new TextDelta(part.Text));
        }

        foreach (FunctionCallContent call in part.Calls)
        {
            foreach (MessageEvent written in Open(Kind.None, new ToolUseBlock(call.CallId, call.Name, Empty)))
                yield return written;

            string input = JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>(), Arguments);
            yield return new ContentBlockDelta(_index, new InputJsonDelta(input));
            yield return new ContentBlockStop(_index);
        }
    }

    /// <summary>The events that end the open block.</summary>
    public IEnumerable<MessageEvent> Close()
    {
        if (_open == Kind.Thought)
            yield return new ContentBlockDelta(_index, new SignatureDelta(signer.Sign(_thought.ToString())));

        if (_open != Kind.None)
            yield return new ContentBlockStop(_index);

        _open = Kind.None;
        _thought.Clear();
    }

    // A call is whole where it comes: its block is not left open.
    private IEnumerable<MessageEvent> Open(Kind kind, ContentBlock block)
    {
        if (_open == kind && kind != Kind.None)
            yield break;

        foreach (MessageEvent written in Close())
            yield return written;

        _open = kind;
        yield return new ContentBlockStart(++_index, block);
    }
}
