using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;

namespace QwenSharp.Protocols.Requests;

/// <summary>
/// Whether a model is to reason, and how long: clients have several spellings for each, and may use more than one where they agree.
/// </summary>
internal sealed class ThinkingSwitch
{
    private (RequestValue Said, bool Thinks)? _thinks;
    private (RequestValue Said, int Tokens)? _budget;
    private bool _isSwitched;

    /// <summary>A field that turns reasoning on or off.</summary>
    public void Switch(RequestValue said, bool thinks)
    {
        _isSwitched = true;
        Agree(said, thinks);
    }

    /// <summary>A field that says how hard to reason; <c>none</c> is not at all.</summary>
    public void Effort(RequestValue said, ReasoningEffort effort) => Agree(said, effort != ReasoningEffort.None);

    /// <summary>A field that limits the tokens of reasoning.</summary>
    public void Budget(RequestValue said)
    {
        int tokens = (int)said.Integer(0, int.MaxValue);
        if (_budget is { } other && other.Tokens != tokens)
            throw Differ(said, other.Said);

        _budget ??= (said, tokens);
    }

    /// <summary>Puts what was said into options.</summary>
    public void Apply(ChatOptions options)
    {
        options.AdditionalProperties ??= [];
        if (_isSwitched)
            options.AdditionalProperties[ChatOptionKeys.EnableThinking] = _thinks!.Value.Thinks;

        if (_budget is { } budget)
            options.AdditionalProperties[ChatOptionKeys.ThinkingBudget] = budget.Tokens;
    }

    /// <summary>That a field says otherwise than another, whether or not it is a switch itself.</summary>
    public void Agree(RequestValue said, bool thinks)
    {
        if (_thinks is { } other && other.Thinks != thinks)
            throw Differ(said, other.Said);

        _thinks ??= (said, thinks);
    }

    private static OptionException Differ(RequestValue said, RequestValue other) =>
        said.Conflict($"{new OptionName(said.Path)} and {new OptionName(other.Path)} contradict each other. Give one of them.");
}
