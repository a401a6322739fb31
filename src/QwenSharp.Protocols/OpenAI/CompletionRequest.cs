using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>A <c>POST /v1/completions</c>: prompts that are continued as they stand, without a chat template.</summary>
public sealed record CompletionRequest
{
    // The protocol's own default.
    private const int DefaultMaxTokens = 16;
    private const int MaxLogprobs = 5;

    // As many prompts as the protocol takes in a list.
    private const int MaxAnswers = 2048;

    /// <summary>What is common to chat and plain completions.</summary>
    public required GenerationFields Generation { get; init; }

    /// <summary>The prompts, at least one. Each is continued <see cref="GenerationFields.Choices"/> times.</summary>
    public required IReadOnlyList<CompletionPrompt> Prompts { get; init; }

    /// <summary>Whether each answer begins with its prompt.</summary>
    public bool Echoes { get; init; }

    /// <summary>How many answers are made of each prompt, to give the likeliest of them; null for as many as are given.</summary>
    public int? BestOf { get; init; }

    /// <summary>Whether the caller asks for log-probabilities; what is best shows by them too.</summary>
    public bool ReportsLogprobs { get; init; }

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static CompletionRequest Read(JsonElement body) => Read(RequestFields.Of(body));

    /// <summary>Reads a request's fields.</summary>
    /// <inheritdoc cref="Read(JsonElement)" path="/exception"/>
    public static CompletionRequest Read(RequestFields fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        GenerationFields generation = GenerationFields.Read(fields, leastTokens: 0);
        RequestValue prompt = fields.Require("prompt");
        List<CompletionPrompt> prompts = ReadSuffix(fields, TextInputs.Read(prompt, MaxAnswers));
        bool echoes = fields.Take("echo")?.Boolean() ?? false;
        ReadMaxTokens(generation.Options, echoes);
        bool logprobs = ReadLogprobs(fields, generation.Options);
        int? best = ReadBestOf(fields, generation);
        OutputFields.Read(fields, generation.Options);
        InertFields.TakeText(fields);
        fields.RefuseRest();
        if ((long)prompts.Count * (best ?? generation.Choices) > MaxAnswers)
        {
            throw prompt.Invalid(
                $"holds {prompts.Count} prompts, {best ?? generation.Choices} answers each; a request may have {MaxAnswers} answers.");
        }

        return new CompletionRequest
        {
            Generation = generation,
            Prompts = prompts,
            Echoes = echoes,
            BestOf = best,
            ReportsLogprobs = logprobs,
        };
    }

    private static List<CompletionPrompt> ReadSuffix(RequestFields fields, List<CompletionPrompt> prompts)
    {
        if (fields.Take("suffix") is not { } suffix || suffix.String().Length == 0)
            return prompts;

        return prompts.All(prompt => prompt.Text is not null)
            ? [.. prompts.Select(prompt => prompt with { Suffix = suffix.String() })]
            : throw suffix.Conflict($"{new OptionName(suffix.Path)} is only allowed when {new OptionName("prompt")} is text.");
    }

    private static void ReadMaxTokens(ChatOptions options, bool echoes)
    {
        options.MaxOutputTokens ??= DefaultMaxTokens;
        if (options.MaxOutputTokens == 0 && !echoes)
        {
            throw new OptionException(OptionFault.Of(
                FaultKind.Conflict, "max_tokens", "may only be 0 where 'echo' is true: else there is no answer to give."));
        }
    }

    private static bool ReadLogprobs(RequestFields fields, ChatOptions options)
    {
        if (fields.Take("logprobs")?.Integer(0, MaxLogprobs) is not { } top)
            return false;

        options.AdditionalProperties![ChatOptionKeys.Logprobs] = true;
        options.AdditionalProperties![ChatOptionKeys.TopLogprobs] = (int)top;
        return true;
    }

    private static int? ReadBestOf(RequestFields fields, GenerationFields generation)
    {
        if (fields.Take("best_of") is not { } value)
            return null;

        int best = (int)value.Integer(1, GenerationFields.MaxChoices);
        if (best < generation.Choices)
            throw value.Conflict($"{new OptionName(value.Path)} is {best}, fewer than the {generation.Choices} of {new OptionName("n")}.");

        if (best == generation.Choices)
            return null;

        if (generation.Stream)
        {
            throw value.Conflict(
                $"{new OptionName(value.Path)} is only allowed without {new OptionName("stream")}: which is best shows at the end.");
        }

        // How likely an answer is shows by its tokens.
        generation.Options.AdditionalProperties![ChatOptionKeys.Logprobs] = true;
        return best;
    }
}
