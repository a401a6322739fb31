using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Conversation;

/// <summary>Options that only OpenAI's form, and who speaks it, has a word for.</summary>
internal static class UncarriedOptions
{
    /// <summary>Declares those that a call asks.</summary>
    public static void Lose(AskedOptions asked, Losses losses)
    {
        AdditionalChatOptions common = asked.Common;
        losses.AddIf(common.MinP is not null, ChatOptionKeys.MinP);
        losses.AddIf(common.RepetitionPenalty is not null, ChatOptionKeys.RepetitionPenalty);
        losses.AddIf(common.LogitBias is { Count: > 0 }, ChatOptionKeys.LogitBias);
        losses.AddIf(common.StopTokens.Count > 0, ChatOptionKeys.StopTokens);
        losses.AddIf(common.IgnoreEndOfSequence, ChatOptionKeys.IgnoreEndOfSequence);
        losses.AddIf(common.ChatTemplateKwargs.Count > 0, ChatOptionKeys.ChatTemplateKwargs);
        losses.AddIf(asked.Remote.Verbosity is not null, RemoteOptionKeys.Verbosity);
        losses.AddIf(asked.Remote.PromptCacheKey is not null, RemoteOptionKeys.PromptCacheKey);
        losses.AddIf(asked.Remote.PromptCacheRetention is not null, RemoteOptionKeys.PromptCacheRetention);
    }
}
