using System.Text.Json.Nodes;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Errors;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.DashScope;

/// <summary>What Alibaba Model Studio does alike in both of its forms.</summary>
internal static class ModelStudio
{
    /// <summary>The highest temperature: 2 itself is refused.</summary>
    public const float MaxTemperature = 1.999f;

    private const string PlanKey = "sk-sp-";
    private const int MaxTopLogprobs = 5;

    /// <summary>Whether and how long to reason. There are no efforts; what is asked beyond on and off is lost.</summary>
    public static void Think(Thinking thinking, JsonObject parameters, Losses losses)
    {
        losses.AddIf(thinking.Effort is not (null or "none"), RemoteOptionKeys.Effort);
        if (thinking.IsOn is { } on)
            parameters["enable_thinking"] = on;

        if (thinking.Budget is > 0 and { } budget)
            parameters["thinking_budget"] = budget;
    }

    /// <summary>Changes what only Model Studio wants otherwise.</summary>
    public static void Complete(JsonObject parameters, AskedOptions asked, Losses losses)
    {
        // Elsewhere several calls at once are usual, here they are asked for.
        if (parameters.ContainsKey("tools") && !parameters.ContainsKey("parallel_tool_calls"))
            parameters["parallel_tool_calls"] = true;

        // A model that thinks cannot be held to one tool.
        if (asked.RequiredTool is not null && asked.Thinking.IsOn is true && parameters.Remove("tool_choice"))
            losses.Add("tool_choice");

        if (asked.Common.TopLogprobs > MaxTopLogprobs && parameters.ContainsKey(ChatOptionKeys.TopLogprobs))
        {
            parameters[ChatOptionKeys.TopLogprobs] = MaxTopLogprobs;
            losses.Add(ChatOptionKeys.TopLogprobs);
        }
    }

    /// <summary>Words that mean something else here; a terse 401 is told apart by what the key looks like and where it goes.</summary>
    public static ProviderErrorKind? Classify(ProviderSettings settings, ErrorBody body)
    {
        if (body.Is("insufficient_quota"))
            return ProviderErrorKind.Throttled;

        if (body.Status != 401)
            return null;

        if (body.Says("invalid access token or token expired"))
            return ProviderErrorKind.AuthPlan;

        bool isInvalid = ErrorClasses.Of(body) == ProviderErrorKind.AuthInvalid;
        return isInvalid && settings.ApiKey is { } key && IsOfOtherPlan(key, settings.BaseUrl.Host) ? ProviderErrorKind.AuthPlan : null;
    }

    private static bool IsOfOtherPlan(string key, string host)
    {
        bool isPlanHost = host.StartsWith("coding", StringComparison.Ordinal) || host.StartsWith("token-plan", StringComparison.Ordinal);
        bool isPaidByUse = host.StartsWith("dashscope", StringComparison.Ordinal)
            || host.EndsWith(".dashscope.aliyuncs.com", StringComparison.Ordinal);
        return key.StartsWith(PlanKey, StringComparison.Ordinal) ? isPaidByUse && !isPlanHost : isPlanHost;
    }
}
