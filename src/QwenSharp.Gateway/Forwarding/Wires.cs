using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Forwarding;

/// <summary>
/// Which kinds of providers speak which form as its own clients do. Kinds with habits of their own (DeepSeek, Mistral, Model Studio's
/// compatible address) are not among them: what their clients may not send is mended on the way.
/// </summary>
internal static class Wires
{
    private static readonly ProviderKind[] OpenAI =
    [
        ProviderKind.OpenAI, ProviderKind.AzureOpenAI, ProviderKind.OpenRouter, ProviderKind.Vllm, ProviderKind.Sglang,
        ProviderKind.LlamaServer, ProviderKind.QwenSharp,
    ];

    /// <summary>Whether a kind takes a form as it comes.</summary>
    public static bool Speaks(ProviderKind kind, Wire wire) => wire switch
    {
        Wire.ChatCompletions or Wire.Completions or Wire.Embeddings => OpenAI.Contains(kind),
        Wire.Responses => kind == ProviderKind.OpenAIResponses,
        Wire.Messages or Wire.MessageTokens => kind == ProviderKind.Anthropic,
        Wire.OllamaChat or Wire.OllamaGenerate => kind == ProviderKind.Ollama,
        Wire.Generation => kind == ProviderKind.DashScope,
        _ => false,
    };

    /// <summary>Whether an answer in a form is that of the kind's conversations, and so can be understood on its way.</summary>
    public static bool IsConversation(Wire wire) =>
        wire is Wire.ChatCompletions or Wire.Responses or Wire.Messages or Wire.OllamaChat or Wire.Generation;

    /// <summary>The address of a form.</summary>
    /// <param name="wire">The form.</param>
    /// <param name="conversation">The address of the kind's conversations.</param>
    /// <param name="query">What the request's address asks, with the question mark.</param>
    public static Uri AddressOf(Wire wire, Uri conversation, string query)
    {
        UriBuilder address = new(conversation);
        address.Path = wire switch
        {
            Wire.Completions => Beside(address.Path, "/chat/completions", "/completions"),
            Wire.Embeddings => Beside(address.Path, "/chat/completions", "/embeddings"),
            Wire.MessageTokens => address.Path + "/count_tokens",
            Wire.OllamaGenerate => Beside(address.Path, "/chat", "/generate"),
            _ => address.Path,
        };
        address.Query = string.Join('&', new[] { address.Query.TrimStart('?'), query.TrimStart('?') }.Where(part => part.Length > 0));
        return address.Uri;
    }

    private static string Beside(string path, string end, string other) =>
        path.EndsWith(end, StringComparison.Ordinal) ? path[..^end.Length] + other : path;
}
