using System.Text.Json.Nodes;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Anthropic;

/// <summary>Claude on Google's Vertex AI: the model and what is done with it stand in the path.</summary>
internal sealed class VertexForm(ProviderSettings settings) : AnthropicForm(settings)
{
    protected override WireRequest Envelope(ProviderCall call, JsonObject body, Losses losses)
    {
        body.Insert(0, VersionField, "vertex-2023-10-16");
        if (call.Stream)
            body["stream"] = true;

        string model = $"{Address.Segment(call.Model).Replace("%40", "@", StringComparison.Ordinal)}:"
            + (call.Stream ? "streamRawPredict" : "rawPredict");
        Dictionary<string, string> headers = [];
        if (Settings.ApiKey is { } token)
            headers["Authorization"] = $"Bearer {token}";

        return new WireRequest(Place(model), WireNodes.Bytes(body), losses.Names) { Headers = headers, Streams = call.Stream };
    }

    // The base URL may name the project and the place already.
    private Uri Place(string model) => Settings.BaseUrl.AbsolutePath.Contains("/projects/", StringComparison.Ordinal)
        ? Address.Of(Settings.BaseUrl, $"/publishers/anthropic/models/{model}")
        : Address.Of(
            Settings.BaseUrl,
            $"/v1/projects/{Address.Segment(Settings.Project ?? "-")}/locations/{Address.Segment(Settings.Region ?? "global")}"
                + $"/publishers/anthropic/models/{model}");
}
