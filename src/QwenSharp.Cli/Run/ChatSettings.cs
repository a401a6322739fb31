using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Cli.Options;
using QwenSharp.Engine;

namespace QwenSharp.Cli.Run;

/// <summary>What <c>/set</c> changes: how answers are drawn, whether the model reasons, and what it is told about itself.</summary>
/// <param name="sampling">The settings of sampling by name, as the command line has them.</param>
internal sealed class ChatSettings(SamplingArguments sampling)
{
    private readonly Dictionary<string, IReadOnlyList<string>> _given = [];

    /// <summary>The options of the next answer.</summary>
    public ChatOptions Options { get; private set; } = new();

    /// <summary>Whether the model reasons; null for its own default.</summary>
    public bool? Thinks { get; private set; }

    /// <summary>The names of all settings of sampling.</summary>
    public IReadOnlyList<string> Names => sampling.Names;

    /// <summary>Takes over what the command line says.</summary>
    public static ChatSettings Of(SamplingArguments sampling, System.CommandLine.ParseResult parsed, bool? thinks)
    {
        ChatSettings settings = new(sampling);
        foreach ((string name, IReadOnlyList<string> values) in sampling.Given(parsed))
            settings._given[name] = values;

        settings.Apply();
        settings.Think(thinks);
        return settings;
    }

    /// <summary>Sets one value.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="value">As one would write it; null for the model's own.</param>
    /// <exception cref="UsageException">It makes no sense; nothing is changed.</exception>
    public void Set(string name, string? value)
    {
        IReadOnlyList<string>? before = _given.GetValueOrDefault(name);
        if (value is null)
            _given.Remove(name);
        else
            _given[name] = [value];

        try
        {
            Apply();
        }
        catch (UsageException)
        {
            if (before is null)
                _given.Remove(name);
            else
                _given[name] = before;

            throw;
        }
    }

    /// <summary>Lets the model reason or not; null for its own default.</summary>
    public void Think(bool? thinks)
    {
        Thinks = thinks;
        Options.AdditionalProperties ??= [];
        if (thinks is { } given)
            Options.AdditionalProperties[ChatOptionKeys.EnableThinking] = given;
        else
            Options.AdditionalProperties.Remove(ChatOptionKeys.EnableThinking);
    }

    /// <summary>The value of a setting, for people.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="recommended">What the model recommends; null where it is not known.</param>
    public string Describe(string name, SamplingOptions? recommended) =>
        _given.TryGetValue(name, out IReadOnlyList<string>? values) ? string.Join(" and ", values)
        : recommended is null ? "the model's own"
        : name switch
        {
            "temperature" => $"{recommended.Temperature} (the model's own)",
            "top_k" => $"{recommended.TopK} (the model's own)",
            "top_p" => $"{recommended.TopP} (the model's own)",
            "min_p" => $"{recommended.MinP} (the model's own)",
            "repetition_penalty" => $"{recommended.RepetitionPenalty} (the model's own)",
            "presence_penalty" => $"{recommended.PresencePenalty} (the model's own)",
            "frequency_penalty" => $"{recommended.FrequencyPenalty} (the model's own)",
            "seed" => "another for each answer",
            "max_tokens" => "what the context has room for",
            _ => "none",
        };

    private void Apply()
    {
        Options = sampling.Read(_given);
        Think(Thinks);
    }
}
