using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat.Habits;

/// <summary>OpenAI's models on Azure: the model is a deployment, which stands in the path where a version of the API is given.</summary>
internal sealed class AzureHabits(ProviderSettings settings) : OpenAIHabits(settings)
{
    public override string Path(ProviderCall call) => Settings.ApiVersion is { } version
        ? $"/openai/deployments/{Address.Segment(call.Model)}/chat/completions?api-version={Uri.EscapeDataString(version)}"
        : "/openai/v1/chat/completions";

    // Tokens of Entra are three parts of Base64 with dots between; keys have no dots.
    public override void Authorize(Dictionary<string, string> headers)
    {
        if (Settings.ApiKey is not { } key)
            return;

        if (key.Count('.') == 2)
            headers["Authorization"] = $"Bearer {key}";
        else
            headers["api-key"] = key;
    }
}
