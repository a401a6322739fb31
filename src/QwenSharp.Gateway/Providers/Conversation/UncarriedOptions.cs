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
        LoseDecoding(common, losses);
        LoseService(asked.Remote, losses);
    }

    /// <summary>Declares what only who computes the model itself can honour.</summary>
    public static void LoseDecoding(AdditionalChatOptions common, Losses losses)
    {
        losses.AddIf(common.LogitBias is { Count: > 0 }, ChatOptionKeys.LogitBias);
        losses.AddIf(common.StopTokens.Count > 0, ChatOptionKeys.StopTokens);
        losses.AddIf(common.IgnoreEndOfSequence, ChatOptionKeys.IgnoreEndOfSequence);
        losses.AddIf(common.ChatTemplateKwargs.Count > 0, ChatOptionKeys.ChatTemplateKwargs);
    }

    /// <summary>Declares what is about the caller, and then what only OpenAI's service has.</summary>
    public static void LoseCaller(RemoteChatOptions remote, Losses losses)
    {
        losses.AddIf(remote.User is not null, RemoteOptionKeys.User);
        losses.AddIf(remote.Metadata.Count > 0, RemoteOptionKeys.Metadata);
        losses.AddIf(remote.ServiceTier is not null, RemoteOptionKeys.ServiceTier);
        LoseService(remote, losses);
    }

    private static void LoseService(RemoteChatOptions remote, Losses losses)
    {
        losses.AddIf(remote.Verbosity is not null, RemoteOptionKeys.Verbosity);
        losses.AddIf(remote.PromptCacheKey is not null, RemoteOptionKeys.PromptCacheKey);
        losses.AddIf(remote.PromptCacheRetention is not null, RemoteOptionKeys.PromptCacheRetention);
    }
}
