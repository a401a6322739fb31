using QwenSharp.Agent;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Cli.Code.Models;

/// <summary>A model behind an address.</summary>
internal static class RemoteModel
{
    // What the models have that people code with; one with less says so, and the conversation is summed up then.
    private const int UsualContext = 131_072;

    private static readonly (string HostEnd, ProviderKind Kind)[] Known =
    [
        ("api.openai.com", ProviderKind.OpenAI),
        ("anthropic.com", ProviderKind.Anthropic),
        ("aliyuncs.com", ProviderKind.DashScopeCompatible),
        ("deepseek.com", ProviderKind.DeepSeek),
        ("mistral.ai", ProviderKind.Mistral),
        ("openrouter.ai", ProviderKind.OpenRouter),
    ];

    /// <summary>Opens it; nothing is sent yet.</summary>
    /// <param name="baseUrl">Its address, with <c>/v1</c> or without.</param>
    /// <param name="name">The model's name there.</param>
    /// <param name="key">The key to show; null for none.</param>
    /// <param name="contextLength">Tokens that prompt and answer may have together; 0 for what is usual.</param>
    public static CodeModel Open(Uri baseUrl, string name, string? key, int contextLength)
    {
        ProviderSettings settings = new(baseUrl.Host, KindOf(baseUrl), baseUrl) { ApiKey = key };
        SocketsHttpHandler handler = new() { ConnectTimeout = settings.ConnectTimeout };
        HttpMessageInvoker http = new(handler, disposeHandler: true);
        return new CodeModel
        {
            Name = name,
            Client = new ProviderChatClient(Provider.Create(settings, http), name),
            ContextLength = contextLength > 0 ? contextLength : UsualContext,
            FaultOf = FaultOf,
            Held = [new Connections(http)],
        };
    }

    /// <summary>The wire form of an address: that of a provider where it is one's, else that of the servers of open models.</summary>
    public static ProviderKind KindOf(Uri baseUrl) => Known
        .Where(known => baseUrl.Host.EndsWith(known.HostEnd, StringComparison.OrdinalIgnoreCase))
        .Select(known => (ProviderKind?)known.Kind)
        .FirstOrDefault() ?? ProviderKind.Vllm;

    private static ModelFault FaultOf(Exception failure) => failure is ProviderException { Error: var error }
        ? new ModelFault(
            error.Kind == ProviderErrorKind.ContextTooLong ? ModelFaultKind.ContextTooLong
                : error.Retryable ? ModelFaultKind.Transient
                : ModelFaultKind.Lasting,
            error.Message,
            error.RetryAfter)
        : ModelFault.Of(failure);

    private sealed class Connections(HttpMessageInvoker http) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            http.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
