namespace QwenSharp.Gateway.Providers;

/// <summary>The kinds of providers as configurations spell them.</summary>
public static class ProviderKinds
{
    private static readonly (ProviderKind Kind, string Word)[] Words =
    [
        (ProviderKind.OpenAI, "openai"),
        (ProviderKind.OpenAIResponses, "openai-responses"),
        (ProviderKind.AzureOpenAI, "azure-openai"),
        (ProviderKind.Anthropic, "anthropic"),
        (ProviderKind.Bedrock, "bedrock"),
        (ProviderKind.Vertex, "vertex"),
        (ProviderKind.Gemini, "gemini"),
        (ProviderKind.DashScope, "dashscope"),
        (ProviderKind.DashScopeCompatible, "dashscope-compatible"),
        (ProviderKind.DeepSeek, "deepseek"),
        (ProviderKind.Mistral, "mistral"),
        (ProviderKind.OpenRouter, "openrouter"),
        (ProviderKind.Ollama, "ollama"),
        (ProviderKind.Vllm, "vllm"),
        (ProviderKind.Sglang, "sglang"),
        (ProviderKind.LlamaServer, "llama-server"),
        (ProviderKind.QwenSharp, "qwensharp"),
    ];

    /// <summary>All words, in the order of <see cref="ProviderKind"/>.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Words.Select(entry => entry.Word)];

    /// <summary>The word of a kind.</summary>
    public static string Word(ProviderKind kind) => Array.Find(Words, entry => entry.Kind == kind).Word
        ?? throw new ArgumentOutOfRangeException(nameof(kind));

    /// <summary>The kind that a word names; null where it names none.</summary>
    public static ProviderKind? Parse(string? word) =>
        Array.FindIndex(Words, entry => entry.Word == word) is >= 0 and int place ? Words[place].Kind : null;
}
