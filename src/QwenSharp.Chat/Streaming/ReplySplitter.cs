using Microsoft.Extensions.AI;

namespace QwenSharp.Chat.Streaming;

/// <summary>
/// Splits a generated reply into reasoning, content and tool calls while it streams in, in pieces of any size. The tags and the newlines
/// with which
/// they are set off belong to the format and go; every other character comes out, in order, as soon as it cannot be part of a tag. What
/// looks like a
/// tool call and is none comes out as content. Reasoning is recognised at the start of the reply only, so that content may speak of its
/// tags.
/// </summary>
/// <param name="dialect">How the model writes tool calls; null if it does not.</param>
/// <param name="tools">The tools of the request. Without any, what looks like a tool call is content.</param>
/// <param name="startsInReasoning">Whether the prompt has opened the reasoning already; see
/// <see cref="RenderedPrompt.OpensReasoning"/>.</param>
public sealed class ReplySplitter(IToolCallDialect? dialect, IEnumerable<AITool>? tools = null, bool startsInReasoning = false)
{
    private const string ThinkOpen = "<think>", ThinkClose = "</think>", CallOpen = "<tool_call>", CallClose = "</tool_call>";

    private readonly Dictionary<string, AIFunctionDeclaration> _tools = (tools ?? [])
        .OfType<AIFunctionDeclaration>()
        .DistinctBy(tool => tool.Name)
        .ToDictionary(tool => tool.Name);
    private State _state = startsInReasoning ? State.BeforeReasoning : State.Start;
    private string _pending = string.Empty;
    private int _searched;
    private string _newlines = string.Empty;

    private enum State
    {
        /// <summary>Nothing but white space so far.</summary>
        Start,

        /// <summary>In reasoning, nothing but newlines so far.</summary>
        BeforeReasoning,
        Reasoning,

        /// <summary>After a closing tag, nothing but newlines so far.</summary>
        AfterTag,
        Content,
        Call,
    }

    /// <summary>Takes the next piece of the reply, and gives the contents that it settles.</summary>
    public IReadOnlyList<AIContent> Push(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _pending += text;
        List<AIContent> contents = [];
        while (Advance(contents))
        {
        }

        return contents;
    }

    /// <summary>Ends the reply, and gives what was held back.</summary>
    public IReadOnlyList<AIContent> Finish()
    {
        List<AIContent> contents = [];
        if (_state == State.Call)
        {
            // A model may stop right where the closing tag would be.
            EndCall(contents, _pending, string.Empty);
        }
        else if (_state == State.Reasoning)
        {
            AddReasoning(contents, _pending);
        }
        else if (_state is State.Start or State.Content)
        {
            AddText(contents, _pending);
        }

        (_pending, _searched, _state) = (string.Empty, 0, State.Content);
        return contents;
    }

    // Makes one step; false when the rest has to wait for more text.
    private bool Advance(List<AIContent> contents) => _state switch
    {
        State.Start => Start(),
        State.BeforeReasoning => BeforeReasoning(),
        State.Reasoning => Reasoning(contents),
        State.AfterTag => AfterTag(),
        State.Content => Content(contents),
        _ => Call(contents),
    };

    private bool Start()
    {
        ReadOnlySpan<char> text = _pending.AsSpan().TrimStart();
        if (text.StartsWith(ThinkOpen))
            return Go(State.BeforeReasoning, _pending[(_pending.Length - text.Length + ThinkOpen.Length)..]);

        return !ThinkOpen.AsSpan().StartsWith(text) && Go(State.Content, _pending);
    }

    private bool BeforeReasoning()
    {
        string text = _pending.TrimStart('\n');
        return text.Length > 0 && Go(State.Reasoning, text);
    }

    private bool Reasoning(List<AIContent> contents)
    {
        int close = _pending.IndexOf(ThinkClose, StringComparison.Ordinal);
        if (close >= 0)
        {
            AddReasoning(contents, _pending[..close].TrimEnd('\n'));
            return Go(State.AfterTag, _pending[(close + ThinkClose.Length)..]);
        }

        int settled = Settled(_pending, ThinkClose);
        AddReasoning(contents, _pending[..settled]);
        _pending = _pending[settled..];
        return false;
    }

    private bool AfterTag()
    {
        string text = _pending.TrimStart('\n');
        return text.Length > 0 && Go(State.Content, text);
    }

    private bool Content(List<AIContent> contents)
    {
        if (dialect is null || _tools.Count == 0)
        {
            AddText(contents, _pending);
            _pending = string.Empty;
            return false;
        }

        int open = _pending.IndexOf(CallOpen, StringComparison.Ordinal);
        if (open >= 0)
        {
            string before = _pending[..open];
            string kept = before.TrimEnd('\n');
            AddText(contents, kept);
            _newlines = before[kept.Length..];
            return Go(State.Call, _pending[(open + CallOpen.Length)..]);
        }

        int settled = Settled(_pending, CallOpen);
        AddText(contents, _pending[..settled]);
        _pending = _pending[settled..];
        return false;
    }

    private bool Call(List<AIContent> contents)
    {
        int close = _pending.IndexOf(CallClose, _searched, StringComparison.Ordinal);
        if (close < 0)
        {
            // The closing tag may have begun in the last characters.
            _searched = Math.Max(0, _pending.Length - CallClose.Length);
            return false;
        }

        string body = _pending[..close], rest = _pending[(close + CallClose.Length)..];
        if (dialect!.IsInsideValue(body))
        {
            _searched = close + 1;
            return true;
        }

        bool read = EndCall(contents, body, CallClose);
        return Go(read ? State.AfterTag : State.Content, rest);
    }

    private bool EndCall(List<AIContent> contents, string body, string close)
    {
        FunctionCallContent? call = dialect!.Read(body, _tools);
        if (call is not null)
        {
            contents.Add(call);
            return true;
        }

        AddText(contents, _newlines + CallOpen + body + close);
        return false;
    }

    private bool Go(State state, string rest)
    {
        (_state, _pending, _searched) = (state, rest, 0);
        return true;
    }

    // How much of a text can be neither the beginning of a tag nor newlines before one.
    private static int Settled(string text, string tag)
    {
        int start = Math.Max(0, text.Length - tag.Length + 1);
        while (start < text.Length && !tag.AsSpan().StartsWith(text.AsSpan(start)))
            start++;

        while (start > 0 && text[start - 1] == '\n')
            start--;

        return start;
    }

    private static void AddText(List<AIContent> contents, string text)
    {
        if (text.Length > 0)
            contents.Add(new TextContent(text));
    }

    private static void AddReasoning(List<AIContent> contents, string text)
    {
        if (text.Length > 0)
            contents.Add(new TextReasoningContent(text));
    }
}
