using System.Text.Json;
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

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static CompletionRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        GenerationFields generation = GenerationFields.Read(fields);
        List<CompletionPrompt> prompts = TextInputs.Read(fields.Require("prompt"), MaxAnswers);
        generation.Options.MaxOutputTokens ??= DefaultMaxTokens;
        if (fields.Take("logprobs")?.Integer(0, MaxLogprobs) is { } top)
        {
            generation.Options.AdditionalProperties![ChatOptionKeys.Logprobs] = true;
            generation.Options.AdditionalProperties![ChatOptionKeys.TopLogprobs] = (int)top;
        }

        fields.Refuse("echo", InertFields.IsFalse, "is not built yet. Only false is accepted.");
        fields.Refuse(
            "best_of",
            value => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int n) && n == generation.Choices,
            "is not built yet: no more answers are made than 'n' returns.");
        fields.Refuse("suffix", value => value.ValueKind == JsonValueKind.String && value.GetString()!.Length == 0,
            "is not built yet. Write the model's fill-in-the-middle tokens into 'prompt'.");
        fields.RefuseRest();
        if ((long)prompts.Count * generation.Choices > MaxAnswers)
        {
            throw new OptionException(OptionFault.Of(
                FaultKind.OutOfRange,
                "prompt",
                $"holds {prompts.Count} prompts, {generation.Choices} answers each; a request may have {MaxAnswers} answers."));
        }

        return new CompletionRequest { Generation = generation, Prompts = prompts };
    }
}
