using System.Text;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.Events;

/// <summary>One answer of a reply, folded from its parts.</summary>
public sealed class Answer
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _reasoning = new();
    private readonly CallFold _calls = new();
    private readonly List<TextToken> _tokens = [];
    private readonly List<CitationAnnotation> _citations = [];

    internal Answer(int choice) => Choice = choice;

    /// <summary>The answer's place, from 0.</summary>
    public int Choice { get; }

    /// <summary>The text for the user.</summary>
    public string Text => _text.ToString();

    /// <summary>What the model thought before.</summary>
    public string Reasoning => _reasoning.ToString();

    /// <summary>The tools that it wants called; the last may have been cut.</summary>
    public IReadOnlyList<CallPart> Calls => _calls.Calls;

    /// <summary>Its tokens with their log-probabilities, where they were asked for.</summary>
    public IReadOnlyList<TextToken> Tokens => _tokens;

    /// <summary>What its text takes from elsewhere.</summary>
    public IReadOnlyList<CitationAnnotation> Citations => _citations;

    /// <summary>Why it ended.</summary>
    public ChatFinishReason Finish { get; private set; }

    internal void Add(AnswerPart part)
    {
        _text.Append(part.Text);
        _reasoning.Append(part.Reasoning);
        _calls.Add(part.Calls);
        _tokens.AddRange(part.Tokens);
        _citations.AddRange(part.Citations);
        Finish = part.Finish ?? Finish;
    }
}
