using QwenSharp.Gateway.Providers.Anthropic;
using QwenSharp.Gateway.Providers.Bedrock;
using QwenSharp.Gateway.Providers.DashScope;
using QwenSharp.Gateway.Providers.Gemini;
using QwenSharp.Gateway.Providers.Ollama;
using QwenSharp.Gateway.Providers.OpenAIChat;
using QwenSharp.Gateway.Providers.OpenAIChat.Habits;
using QwenSharp.Gateway.Providers.OpenAIResponses;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers;

/// <summary>The wire form of each kind.</summary>
internal static class Forms
{
    /// <exception cref="ArgumentException">A setting that the kind needs is missing.</exception>
    public static WireForm Of(ProviderSettings settings) => settings.Kind switch
    {
        ProviderKind.OpenAI => new ChatForm(new OpenAIHabits(settings)),
        ProviderKind.AzureOpenAI => new ChatForm(new AzureHabits(settings)),
        ProviderKind.Anthropic => new AnthropicForm(settings),
        ProviderKind.Bedrock => new BedrockForm(settings),
        ProviderKind.Vertex => new VertexForm(settings),
        ProviderKind.DashScopeCompatible => new ChatForm(new DashScopeHabits(settings)),
        ProviderKind.DeepSeek => new ChatForm(new DeepSeekHabits(settings)),
        ProviderKind.Mistral => new ChatForm(new MistralHabits(settings)),
        ProviderKind.OpenRouter => new ChatForm(new OpenRouterHabits(settings)),
        ProviderKind.Vllm => new ChatForm(new VllmHabits(settings)),
        ProviderKind.Sglang => new ChatForm(new SglangHabits(settings)),
        ProviderKind.LlamaServer => new ChatForm(new LlamaServerHabits(settings)),
        ProviderKind.QwenSharp => new ChatForm(new QwenSharpHabits(settings)),
        ProviderKind.OpenAIResponses => new ResponsesForm(settings),
        ProviderKind.Gemini => new GeminiForm(settings),
        ProviderKind.DashScope => new DashScopeForm(settings),
        ProviderKind.Ollama => new OllamaForm(settings),
        _ => throw new ArgumentException($"There is no provider of the kind {(int)settings.Kind}.", nameof(settings)),
    };
}
