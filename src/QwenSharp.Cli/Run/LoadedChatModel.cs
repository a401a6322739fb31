using QwenSharp.Chat;
using QwenSharp.Cli.Commands;
using QwenSharp.Cli.Hub;

namespace QwenSharp.Cli.Run;

/// <summary>A model of this machine that is opened to talk with.</summary>
internal static class LoadedChatModel
{
    /// <summary>Loads it.</summary>
    /// <param name="local">Which.</param>
    /// <param name="options">Threads, context, adapters.</param>
    /// <param name="adapter">The adapter that answers; null for the model as it is.</param>
    public static ChatModel Load(LocalModel local, QwenModelOptions options, string? adapter = null)
    {
        QwenModel model = QwenModel.Load(local.Path, options with { Id = local.Id });
        QwenChatClient client = new(model, adapter);
        return new ChatModel
        {
            Name = adapter is null ? model.Id : $"{model.Id} with {adapter}",
            Client = client,
            ContextLength = model.ContextLength,
            CountTokens = (messages, asked) => client.CountPromptTokens(messages, asked),
            HasThinkingSwitch = model.Template.Source.Contains(ChatOptionKeys.EnableThinking, StringComparison.Ordinal),
            Template = model.Template.Source,
            Recommended = model.RecommendedSampling(),
            Held = model,
            Facts =
            [
                ("model", adapter is null ? model.Id : $"{model.Id} with {adapter}"),
                ("file", local.Path),
                ("architecture",
                    $"{model.Config.Architecture}, {Output.Count(model.Weights.ParameterCount)} parameters, "
                        + $"{Output.Bytes(model.Weights.WeightBytes)} of weights, trained for {model.Config.ContextLength} tokens"),
            ],
        };
    }
}
