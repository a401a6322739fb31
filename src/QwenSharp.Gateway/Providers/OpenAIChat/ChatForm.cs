using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Errors;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat;

/// <summary>OpenAI's chat completions, as one of the many providers speaks them.</summary>
internal sealed class ChatForm(ChatHabits habits) : WireForm
{
    public override WireRequest Write(ProviderCall call) => new ChatRequestWriter(habits, call).Write();

    public override ReplyReader Reader(ProviderCall call) => new ChatReplyReader(habits);

    public override ProviderErrorKind? Classify(ErrorBody body) => habits.Classify(body);
}
