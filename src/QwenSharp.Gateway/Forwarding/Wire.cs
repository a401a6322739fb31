namespace QwenSharp.Gateway.Forwarding;

/// <summary>The form of a request, by which is known whether a provider takes it as it came.</summary>
public enum Wire
{
    /// <summary>OpenAI's chat completions.</summary>
    ChatCompletions,

    /// <summary>OpenAI's completions of plain prompts.</summary>
    Completions,

    /// <summary>OpenAI's responses.</summary>
    Responses,

    /// <summary>OpenAI's embeddings.</summary>
    Embeddings,

    /// <summary>Anthropic's messages.</summary>
    Messages,

    /// <summary>Anthropic's count of a prompt's tokens.</summary>
    MessageTokens,

    /// <summary>Ollama's chat.</summary>
    OllamaChat,

    /// <summary>Ollama's continuation of prompts.</summary>
    OllamaGenerate,

    /// <summary>DashScope's generation.</summary>
    Generation,
}
