namespace QwenSharp.Gateway.Providers;

/// <summary>Who answers, and so in which wire form it is asked. <see cref="ProviderKinds"/> has the words of configurations.</summary>
public enum ProviderKind
{
    /// <summary>OpenAI's chat completions.</summary>
    OpenAI,

    /// <summary>OpenAI's responses.</summary>
    OpenAIResponses,

    /// <summary>OpenAI's models on Azure.</summary>
    AzureOpenAI,

    /// <summary>Anthropic's messages.</summary>
    Anthropic,

    /// <summary>Amazon Bedrock.</summary>
    Bedrock,

    /// <summary>Claude on Google's Vertex AI.</summary>
    Vertex,

    /// <summary>Google's Gemini.</summary>
    Gemini,

    /// <summary>Alibaba Model Studio in its own form.</summary>
    DashScope,

    /// <summary>Alibaba Model Studio in OpenAI's form.</summary>
    DashScopeCompatible,

    /// <summary>DeepSeek.</summary>
    DeepSeek,

    /// <summary>Mistral.</summary>
    Mistral,

    /// <summary>OpenRouter.</summary>
    OpenRouter,

    /// <summary>Ollama in its own form.</summary>
    Ollama,

    /// <summary>A vLLM server.</summary>
    Vllm,

    /// <summary>An SGLang server.</summary>
    Sglang,

    /// <summary>llama.cpp's server.</summary>
    LlamaServer,

    /// <summary>Another QwenSharp.</summary>
    QwenSharp,
}
