using System.Text.Json.Nodes;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.DashScope;
using QwenSharp.Gateway.Providers.Errors;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat.Habits;

/// <summary>Alibaba Model Studio in OpenAI's form.</summary>
internal sealed class DashScopeHabits(ProviderSettings settings) : ChatHabits(settings)
{
    public override IReadOnlySet<string> Takes { get; } = new HashSet<string>
    {
        "top_k", "repetition_penalty", "seed", "presence_penalty", "logprobs", "parallel_tool_calls", "named_tool_choice", "text_parts",
        "json_schema", "image", "input_audio", "video_url",
    };

    public override float MaxTemperature => ModelStudio.MaxTemperature;

    public override string? Thoughts => "reasoning_content";

    public override string Path(ProviderCall call) => "/compatible-mode/v1/chat/completions";

    // Many models think only in a stream.
    public override bool Streams(ProviderCall call, AskedOptions asked) => call.Stream || asked.Thinking.IsOn is not false;

    public override void Think(Thinking thinking, JsonObject body, Losses losses) => ModelStudio.Think(thinking, body, losses);

    public override bool Mark(JsonObject part, string lifetime, string model)
    {
        if (part.ContainsKey("function"))
            return false;

        part["cache_control"] = new JsonObject { ["type"] = "ephemeral" };
        return true;
    }

    public override IReadOnlyList<string> Lifetimes => ["5m"];

    public override void Continue(JsonObject last, JsonObject body, Losses losses) => last["partial"] = true;

    public override void Complete(JsonObject body, AskedOptions asked, Losses losses) => ModelStudio.Complete(body, asked, losses);

    public override ProviderErrorKind? Classify(ErrorBody body) => ModelStudio.Classify(Settings, body);
}
