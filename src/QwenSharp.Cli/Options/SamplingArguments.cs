using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Cli.Options;

/// <summary>
/// How answers are drawn: what the user leaves out stays as the checkpoint recommends. On the command line they are options
/// (<c>--top-p 0.9</c>), in a conversation settings of the same names (<c>/set top_p 0.9</c>).
/// </summary>
internal sealed class SamplingArguments
{
    private readonly Option<float?> _temperature = Values.Optional<float>(
        "--temperature",
        0,
        float.MaxValue,
        "0 is greedy and repeatable; higher is more varied.");
    private readonly Option<int?> _topK = Values.Optional<int>("--top-k", 0, int.MaxValue, "Draw among the K likeliest tokens; 0 for all.");
    private readonly Option<float?> _topP = Values.Optional<float>(
        "--top-p",
        1e-6f,
        1,
        "Draw among the likeliest tokens that hold this share of the probability.");
    private readonly Option<float?> _minP = Values.Optional<float>(
        "--min-p",
        0,
        1,
        "Draw no token less likely than this share of the likeliest.");
    private readonly Option<float?> _repetition = Values.Optional<float>(
        "--repetition-penalty",
        0.01f,
        float.MaxValue,
        "Make tokens already seen less likely; 1 for not.");
    private readonly Option<float?> _presence = Values.Optional<float>(
        "--presence-penalty",
        -2,
        2,
        "Subtract from the logits of tokens already generated.");
    private readonly Option<float?> _frequency = Values.Optional<float>(
        "--frequency-penalty",
        -2,
        2,
        "Subtract for each time a token was generated.");
    private readonly Option<long?> _seed = Values.Optional<long>("--seed", long.MinValue, long.MaxValue, "Makes the draws repeatable.");
    private readonly Option<int?> _maxTokens = Values.Optional<int>("--max-tokens", 1, int.MaxValue, "The longest answer in tokens.");
    private readonly Option<string[]> _stop = new("--stop")
    {
        Description = "Text that ends the answer; may be repeated.",
        HelpName = "TEXT",
    };

    private Option[] All => [_temperature, _topK, _topP, _minP, _repetition, _presence, _frequency, _seed, _maxTokens, _stop];

    public SamplingArguments() => Values.Check(_stop, stops => !stops!.Contains(""), "may not be empty");

    /// <summary>The names as settings: <c>top_p</c> for <c>--top-p</c>.</summary>
    public IReadOnlyList<string> Names => [.. All.Select(NameOf)];

    public void AddTo(Command command)
    {
        foreach (Option option in All)
            command.Add(option);
    }

    /// <summary>What a command line says, as settings.</summary>
    public IEnumerable<(string Name, IReadOnlyList<string> Values)> Given(ParseResult parsed) =>
        All.Where(option => parsed.GetResult(option) is { Implicit: false })
            .Select(option => (NameOf(option), (IReadOnlyList<string>)[.. parsed.GetResult(option)!.Tokens.Select(token => token.Value)]));

    /// <summary>Reads settings.</summary>
    /// <exception cref="UsageException">One has a value that makes no sense.</exception>
    public ChatOptions Read(IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> settings)
    {
        Command command = new("set");
        AddTo(command);
        ParseResult parsed = command.Parse([
            .. settings.SelectMany(setting => setting.Value.Select(value => $"--{setting.Key.Replace('_', '-')}={value}")),
        ]);
        if (parsed.Errors.Count == 0)
            return Read(parsed);

        // What is wrong is said of the option; here it goes by its name as a setting.
        string wrong = parsed.Errors[0].Message;
        Option? named = All.FirstOrDefault(option => wrong.StartsWith(option.Name + " ", StringComparison.Ordinal));
        throw new UsageException(named is null ? wrong : NameOf(named) + wrong[named.Name.Length..]);
    }

    public ChatOptions Read(ParseResult parsed)
    {
        ChatOptions options = new()
        {
            Temperature = parsed.GetValue(_temperature),
            TopK = parsed.GetValue(_topK),
            TopP = parsed.GetValue(_topP),
            PresencePenalty = parsed.GetValue(_presence),
            FrequencyPenalty = parsed.GetValue(_frequency),
            Seed = parsed.GetValue(_seed),
            MaxOutputTokens = parsed.GetValue(_maxTokens),
            StopSequences = parsed.GetValue(_stop) is { Length: > 0 } stop ? stop : null,
            AdditionalProperties = [],
        };
        if (parsed.GetValue(_minP) is { } minP)
            options.AdditionalProperties[ChatOptionKeys.MinP] = minP;

        if (parsed.GetValue(_repetition) is { } repetition)
            options.AdditionalProperties[ChatOptionKeys.RepetitionPenalty] = repetition;

        return options;
    }

    private static string NameOf(Option option) => option.Name.TrimStart('-').Replace('-', '_');
}
