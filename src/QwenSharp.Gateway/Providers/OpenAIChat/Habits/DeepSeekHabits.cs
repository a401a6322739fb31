using System.Text.Json.Nodes;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat.Habits;

/// <summary>DeepSeek: its models think unless they are told not to, and then take less.</summary>
internal sealed class DeepSeekHabits(ProviderSettings settings) : ChatHabits(settings)
{
    private static readonly HashSet<string> Usual =
        ["frequency_penalty", "presence_penalty", "logprobs", "named_tool_choice", "required_tool_choice", "name", "image"];

    private bool IsBeta { get; } = settings.BaseUrl.AbsolutePath.TrimEnd('/').EndsWith("/beta", StringComparison.Ordinal);

    public override IReadOnlySet<string> Takes { get; } =
        settings.BaseUrl.AbsolutePath.Contains("/beta", StringComparison.Ordinal) ? new HashSet<string>(Usual) { "strict" } : Usual;

    public override int MaxStops => 16;

    public override string? Thoughts => "reasoning_content";

    public override string Path(ProviderCall call) => "/chat/completions";

    public override void Think(Thinking thinking, JsonObject body, Losses losses)
    {
        losses.AddIf(thinking.Budget is > 0, ChatOptionKeys.ThinkingBudget);
        if (thinking.IsOn is { } on)
            body["thinking"] = new JsonObject { ["type"] = on ? "enabled" : "disabled" };

        if (thinking.Effort is { } effort and not "none")
            body["reasoning_effort"] = effort switch { "minimal" or "low" => "low", "max" => "max", _ => "high" };
    }

    // A turn that calls tools must come back with its thought, an empty one if there was none.
    public override bool NeedsThought(JsonObject message) => message.ContainsKey("tool_calls");

    public override void Continue(JsonObject last, JsonObject body, Losses losses)
    {
        if (IsBeta)
            last["prefix"] = true;
        else
            base.Continue(last, body, losses);
    }

    public override JsonObject? Part(Media media, string? detail) =>
        media.Data is null ? null : base.Part(media, detail);

    public override void Complete(JsonObject body, AskedOptions asked, Losses losses)
    {
        foreach (string field in (string[])["frequency_penalty", "presence_penalty"])
            losses.AddIf(body[field]?.GetValue<decimal>() is not (null or 0), field);

        if (asked.Thinking.IsOn is false)
            return;

        // A model that thinks refuses log-probabilities, and does not draw as it is told to.
        losses.AddIf(body.ContainsKey("temperature"), "temperature");
        if (body.Remove(ChatOptionKeys.Logprobs))
        {
            body.Remove(ChatOptionKeys.TopLogprobs);
            losses.Add(ChatOptionKeys.Logprobs);
        }
    }
}
