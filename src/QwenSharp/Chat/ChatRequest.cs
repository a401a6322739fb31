using Microsoft.Extensions.AI;
using QwenSharp.Engine;
using QwenSharp.Faults;

namespace QwenSharp.Chat;

/// <summary>What neutral chat options ask of this model, read once; anything that cannot be honoured is refused by name.</summary>
/// <param name="Generation">Sampling, limits and stops.</param>
/// <param name="Prompt">What the prompt is made of besides the conversation: instructions, tools, variables of the template.</param>
/// <param name="Answer">What the answer must be.</param>
internal sealed record ChatRequest(TextGenerationOptions Generation, PromptOptions Prompt, AnswerOptions Answer)
{
    /// <param name="options">The caller's; null for none.</param>
    /// <param name="model">The model that answers, itself or with one of its adapters.</param>
    /// <param name="modelId">Which of its names answers where the options name none.</param>
    /// <param name="recommended">What the checkpoint recommends; false where the request turns reasoning off.</param>
    /// <exception cref="NotSupportedException">An option cannot be honoured.</exception>
    /// <exception cref="ArgumentException">An option has a value of the wrong type.</exception>
    public static ChatRequest Read(ChatOptions? options, QwenModel model, string modelId, Func<bool, SamplingOptions> recommended)
    {
        options ??= new ChatOptions();
        modelId = options.ModelId ?? modelId;
        Refuse(options, model, modelId);
        AdditionalChatOptions additional = AdditionalChatOptions.Read(options);
        PromptOptions prompt = PromptOptions.Read(options, additional);
        SamplingOptions defaults = recommended(prompt.Thinking ?? true);
        return new ChatRequest(
            new TextGenerationOptions
            {
                Adapter = modelId == model.Id ? null : modelId,
                Sampling = defaults with
                {
                    Temperature = options.Temperature ?? defaults.Temperature,
                    TopK = options.TopK ?? defaults.TopK,
                    TopP = options.TopP ?? defaults.TopP,
                    MinP = additional.MinP ?? defaults.MinP,
                    RepetitionPenalty = additional.RepetitionPenalty ?? defaults.RepetitionPenalty,
                    PresencePenalty = options.PresencePenalty ?? defaults.PresencePenalty,
                    FrequencyPenalty = options.FrequencyPenalty ?? defaults.FrequencyPenalty,
                    LogitBias = additional.LogitBias,
                    Seed = unchecked((ulong?)options.Seed),
                },
                MaxTokens = options.MaxOutputTokens,
                Stop = [.. options.StopSequences ?? []],
                StopTokens = additional.StopTokens,
                IgnoresEndOfSequence = additional.IgnoreEndOfSequence,
                Owner = additional.Owner,
                Priority = additional.Priority,
                Logprobs = additional.Logprobs,
                TopLogprobs = additional.TopLogprobs,
            },
            prompt,
            AnswerOptions.Read(options, additional, prompt.Tools));
    }

    /// <summary>What the engine finds wrong with a request, with the names of the neutral options that it was made of.</summary>
    public static OptionFault Neutral(OptionFault fault) => fault.Renamed(name => name switch
    {
        nameof(TextGenerationOptions.MaxTokens) => nameof(ChatOptions.MaxOutputTokens),
        nameof(TextGenerationOptions.Stop) => nameof(ChatOptions.StopSequences),
        nameof(TextGenerationOptions.Logprobs) => ChatOptionKeys.Logprobs,
        nameof(TextGenerationOptions.TopLogprobs) => ChatOptionKeys.TopLogprobs,
        nameof(SamplingOptions.MinP) => ChatOptionKeys.MinP,
        nameof(SamplingOptions.RepetitionPenalty) => ChatOptionKeys.RepetitionPenalty,
        nameof(SamplingOptions.LogitBias) => ChatOptionKeys.LogitBias,
        _ => null,
    });

    private static void Refuse(ChatOptions options, QwenModel model, string modelId)
    {
        if (!model.Names.Contains(modelId))
        {
            throw Unsupported(
                nameof(options.ModelId),
                $"is '{modelId}'; this client serves "
                    + $"{string.Join(", ", model.Names.Select(name => $"'{name}'"))}{(model.Adapters.Count == 0 ? " alone" : "")}.");
        }

        if (options.Reasoning is { Output: ReasoningOutput.Summary })
        {
            throw Unsupported(
                $"{nameof(options.Reasoning)}.{nameof(ReasoningOptions.Output)}",
                $"{ReasoningOutput.Summary} is not supported: reasoning comes in full, or not at all.");
        }

        if (options.ConversationId is not null)
            throw Unsupported(nameof(options.ConversationId), "is not supported: no conversation is stored; send all messages.");
        if (options.AllowBackgroundResponses is true || options.ContinuationToken is not null)
        {
            throw Unsupported(
                options.ContinuationToken is null ? nameof(options.AllowBackgroundResponses) : nameof(options.ContinuationToken),
                "is not supported: an answer lives as long as its request.");
        }

        if (options.RawRepresentationFactory is not null)
            throw Unsupported(nameof(options.RawRepresentationFactory), "is not supported: there is no other representation.");
    }

    private static OptionNotSupportedException Unsupported(string option, string reason) => new(option, reason);
}
