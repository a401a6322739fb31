namespace QwenSharp.Cli.Code.Models;

/// <summary>A provider whose key the environment may hold, and what to ask there where nobody says.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Prefix">What its variables begin with: the key, and, where they are set, address and model.</param>
/// <param name="BaseUrl">Its address.</param>
/// <param name="Model">The model that codes best there.</param>
internal sealed record KeyedProvider(string Name, string Prefix, string BaseUrl, string Model)
{
    /// <summary>All of them, those with Qwen models first.</summary>
    public static IReadOnlyList<KeyedProvider> All { get; } =
    [
        new("Alibaba Model Studio", "DASHSCOPE", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "qwen3-coder-plus"),
        new("OpenRouter", "OPENROUTER", "https://openrouter.ai/api/v1", "qwen/qwen3-coder"),
        new("OpenAI", "OPENAI", "https://api.openai.com/v1", "gpt-5.1"),
        new("Anthropic", "ANTHROPIC", "https://api.anthropic.com", "claude-sonnet-4-5"),
    ];

    /// <summary>The first whose key is set; null for none.</summary>
    public static KeyedProvider? FirstWithKey() => All.FirstOrDefault(provider => provider.Read("API_KEY") is not null);

    /// <summary>Its model, opened.</summary>
    public CodeModel Open(int contextLength) => RemoteModel.Open(
        new Uri(Read("BASE_URL") ?? BaseUrl), Read("MODEL") ?? Model, Read("API_KEY"), contextLength);

    private string? Read(string variable) =>
        Environment.GetEnvironmentVariable($"{Prefix}_{variable}") is { Length: > 0 } value ? value : null;
}
