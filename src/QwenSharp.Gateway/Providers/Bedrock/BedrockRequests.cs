using System.Text.Json.Nodes;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Bedrock;

/// <summary>What stands around every body that goes to Bedrock.</summary>
internal static class BedrockRequests
{
    private const string Service = "bedrock";

    /// <summary>A body in its envelope.</summary>
    /// <param name="settings">Where it goes, and what it is signed with.</param>
    /// <param name="call">The call.</param>
    /// <param name="verb">What is done with the model, the last part of the path.</param>
    /// <param name="body">The body.</param>
    /// <param name="losses">What of the call is not in it.</param>
    public static WireRequest Write(ProviderSettings settings, ProviderCall call, string verb, JsonObject body, Losses losses)
    {
        byte[] bytes = WireNodes.Bytes(body);
        Uri address = Address.Of(settings.BaseUrl, $"/model/{Address.Segment(call.Model)}/{verb}");
        Dictionary<string, string> headers = settings switch
        {
            { ApiKey: { } key } => new() { ["Authorization"] = $"Bearer {key}" },
            { Aws: { } credentials } =>
                AwsSignature.Headers(credentials, Region(settings), Service, address, bytes, DateTimeOffset.UtcNow),
            _ => [],
        };
        headers["Accept"] = call.Stream ? "application/vnd.amazon.eventstream" : "application/json";
        return new WireRequest(address, bytes, losses.Names) { Headers = headers, Streams = call.Stream };
    }

    // Amazon's own addresses name the region: bedrock-runtime.eu-central-1.amazonaws.com.
    private static string Region(ProviderSettings settings) =>
        settings.Region ?? settings.BaseUrl.Host.Split('.') switch
        {
            ["bedrock-runtime", { } region, ..] => region,
            _ => "us-east-1",
        };
}
