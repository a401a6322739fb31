using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Engine;

namespace QwenSharp.Cli;

/// <summary>How the command line spells the options of the libraries, for faults that name one.</summary>
internal static class OptionNames
{
    private static readonly Dictionary<string, string> Spelled = new()
    {
        [nameof(QwenModelOptions.Threads)] = "--threads",
        [nameof(QwenModelOptions.ContextLength)] = "--context",
        [nameof(QwenModelOptions.KvType)] = "--kv",
        [nameof(QwenModelOptions.KvBytes)] = "--kv-memory",
        [nameof(QwenModelOptions.StateCacheBytes)] = "--state-memory",
        [nameof(ModelWriterOptions.AllowsRequantization)] = "--requantize",
        [nameof(ModelWriterOptions.Mix)] = "--type",
        [nameof(ChatOptions.Temperature)] = "--temperature",
        [nameof(ChatOptions.TopK)] = "--top-k",
        [nameof(ChatOptions.TopP)] = "--top-p",
        [nameof(ChatOptions.PresencePenalty)] = "--presence-penalty",
        [nameof(ChatOptions.FrequencyPenalty)] = "--frequency-penalty",
        [nameof(ChatOptions.Seed)] = "--seed",
        [nameof(ChatOptions.MaxOutputTokens)] = "--max-tokens",
        [nameof(ChatOptions.StopSequences)] = "--stop",
        [ChatOptionKeys.MinP] = "--min-p",
        [ChatOptionKeys.RepetitionPenalty] = "--repetition-penalty",
        [nameof(ChatTemplateConversation.Messages)] = "The conversation",
        [nameof(GenerationRequest.Prompt)] = "The prompt",
    };

    /// <summary>The command line's name for an option; null where it has none.</summary>
    public static string? Of(string option) => Spelled.GetValueOrDefault(option);
}
