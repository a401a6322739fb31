using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>The neutral updates of one answer, made of what a reader finds in it.</summary>
/// <param name="origin">Who made what is protected in it.</param>
internal sealed class AnswerUpdates(string origin)
{
    private readonly List<ChatResponseUpdate> _updates = [];
    private readonly CallPieces _calls = new();
    private readonly HalfCharacters _text = new();
    private readonly HalfCharacters _thought = new();
    private ChatFinishReason? _finish;
    private string? _stop;
    private bool _refused;

    /// <summary>The answer's id there.</summary>
    public string? ResponseId { get; set; }

    /// <summary>Which model answers, as it is called there.</summary>
    public string? ModelId { get; set; }

    /// <summary>What the answer took, as far as that was said; null for not at all.</summary>
    public UsageDetails? Usage { get; set; }

    /// <summary>What the provider says that the answer costs, in US dollars; null where it does not.</summary>
    public double? Cost { get; set; }

    /// <summary>Of what kind a refused request is; null where that is not said.</summary>
    public string? RefusalCategory { get; set; }

    /// <summary>Which part of the answer the text is that comes; see <see cref="ContentKeys.Phase"/>.</summary>
    public string? Phase { get; set; }

    /// <summary>Whether a piece of the answer has come.</summary>
    public bool HasPieces { get; private set; }

    /// <summary>Whether the answer is whole.</summary>
    public bool Ended { get; private set; }

    /// <summary>Whether a reason has come why the answer ends.</summary>
    public bool HasFinish => _finish is not null;

    /// <summary>Takes the updates since the last time.</summary>
    public IReadOnlyList<ChatResponseUpdate> Take()
    {
        ChatResponseUpdate[] taken = [.. _updates];
        _updates.Clear();
        return taken;
    }

    /// <summary>More text; its tokens where log-probabilities were asked for.</summary>
    public void Text(string? text, IReadOnlyList<TextToken>? tokens = null)
    {
        text = _text.Join(text ?? "");
        if (text.Length == 0 && tokens is not { Count: > 0 })
            return;

        ChatResponseUpdate update = Add(text.Length == 0 ? null : new TextContent(text)
        {
            AdditionalProperties = Phase is null ? null : new() { [ContentKeys.Phase] = Phase },
        });
        if (tokens is { Count: > 0 })
            (update.AdditionalProperties ??= [])[ChatOptionKeys.Logprobs] = tokens;
    }

    /// <summary>More of the words in which the model refuses.</summary>
    public void Refusal(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return;

        _refused = true;
        Add(new TextContent(text) { AdditionalProperties = new() { [ContentKeys.Refusal] = true } });
    }

    /// <summary>More of what the model thinks.</summary>
    public void Reasoning(string? text)
    {
        if (_thought.Join(text ?? "") is { Length: > 0 } whole)
            Add(new TextReasoningContent(whole) { AdditionalProperties = Origin(null) });
    }

    /// <summary>What is protected of the thoughts before; or, in a form of its own, beside them.</summary>
    /// <param name="data">Goes back as it came.</param>
    /// <param name="form">What the origin calls this kind of it; null where it has one.</param>
    /// <param name="text">What can be read of it.</param>
    public void Protected(string data, string? form = null, string text = "") =>
        Add(new TextReasoningContent(text) { ProtectedData = data, AdditionalProperties = Origin(form) });

    /// <summary>What the text takes from elsewhere.</summary>
    public void Citation(CitationAnnotation citation) => Add(new TextContent("") { Annotations = [citation] });

    /// <summary>A picture, or something else that the model made.</summary>
    public void Content(AIContent content) => Add(content);

    /// <summary>A call begins.</summary>
    /// <param name="place">Which call of the answer, as the form counts or names them.</param>
    /// <param name="id">Its id; null where the provider gives none.</param>
    /// <param name="name">Which tool.</param>
    public void BeginCall(object place, string? id, string name) => Add(_calls.Begin(place, id, name));

    /// <summary>Whether a call has begun.</summary>
    public bool HasCall(object place) => _calls.Has(place);

    /// <summary>More of a call's arguments.</summary>
    public void Arguments(object place, string? piece)
    {
        if (!string.IsNullOrEmpty(piece))
            Add(_calls.Continue(place, piece));
    }

    /// <summary>A call is whole.</summary>
    public void EndCall(object place) => Add(_calls.End(place));

    /// <summary>A call that comes whole.</summary>
    public void Call(object place, string? id, string name, string arguments)
    {
        BeginCall(place, id, name);
        Arguments(place, arguments);
        EndCall(place);
    }

    /// <summary>Why the answer ends; the last that is said counts.</summary>
    /// <param name="reason">The reason.</param>
    /// <param name="stop">Which stop string it was; null for none, or where that is not said.</param>
    public void Finish(ChatFinishReason reason, string? stop = null) => (_finish, _stop) = (reason, stop ?? _stop);

    /// <summary>The provider's own end of the answer has come.</summary>
    public void End()
    {
        if (Ended)
            return;

        Add(_calls.EndAll());
        ChatFinishReason finish = _finish ?? ChatFinishReason.Stop;

        // A call that was asked for by name, or of a provider that has no word for it, ends with the usual word.
        if (finish == ChatFinishReason.Stop)
            finish = _calls.Any ? ChatFinishReason.ToolCalls : _refused ? FurtherFinishReasons.Refusal : finish;

        ChatResponseUpdate last = Add(Usage is null ? null : new UsageContent(Usage));
        last.FinishReason = finish;
        if (_stop is not null)
            (last.AdditionalProperties ??= [])[ChatOptionKeys.StopSequence] = _stop;

        if (RefusalCategory is not null)
            (last.AdditionalProperties ??= [])[ContentKeys.RefusalCategory] = RefusalCategory;

        if (Cost is { } cost)
            (last.AdditionalProperties ??= [])[ContentKeys.Cost] = cost;

        Ended = true;
    }

    private AdditionalPropertiesDictionary Origin(string? form)
    {
        AdditionalPropertiesDictionary properties = new() { [ContentKeys.Origin] = origin };
        if (form is not null)
            properties[ContentKeys.ProtectedForm] = form;

        return properties;
    }

    private void Add(IEnumerable<CallPieces.Piece> pieces)
    {
        foreach (CallPieces.Piece piece in pieces)
        {
            Add(piece.Whole).RawRepresentation = piece.Fragment;
            HasPieces = true;
        }
    }

    private ChatResponseUpdate Add(AIContent? content)
    {
        HasPieces |= content is not (null or UsageContent);
        ChatResponseUpdate update = new(ChatRole.Assistant, content is null ? [] : [content])
        {
            ResponseId = ResponseId,
            MessageId = ResponseId,
            ModelId = ModelId,
        };
        _updates.Add(update);
        return update;
    }
}
