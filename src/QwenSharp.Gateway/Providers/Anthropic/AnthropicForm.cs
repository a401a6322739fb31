using System.Text.Json.Nodes;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Anthropic;

/// <summary>Anthropic's messages. Who else has Claude puts the same body into another envelope.</summary>
internal class AnthropicForm(ProviderSettings settings) : WireForm
{
    protected const string VersionField = "anthropic_version";

    // What may take longer than networks keep a silent connection is streamed, also to who waits for all of it.
    private const int LongAnswer = 21_333;

    protected ProviderSettings Settings => settings;

    /// <summary>Whether pictures may be addresses, which the provider fetches itself.</summary>
    protected virtual bool TakesAddresses => true;

    public override WireRequest Write(ProviderCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        Losses losses = new();
        JsonObject body = new MessagesRequestWriter(call, ProviderKinds.Word(settings.Kind), TakesAddresses, losses).Write();
        bool isLong = body["max_tokens"]!.GetValue<int>() > LongAnswer;
        new AskedOptions(call).AddFields(settings.Kind, body, losses);
        return Envelope(call with { Stream = call.Stream || isLong }, body, losses);
    }

    public override ReplyReader Reader(ProviderCall call) => new MessageReplyReader(settings, this);

    /// <summary>The body with what stands around it.</summary>
    protected virtual WireRequest Envelope(ProviderCall call, JsonObject body, Losses losses)
    {
        body.Insert(0, "model", call.Model);
        if (call.Stream)
            body["stream"] = true;

        Dictionary<string, string> headers = new() { ["anthropic-version"] = settings.ApiVersion ?? "2023-06-01" };

        // Tokens that are lent are shown as everywhere, keys in a header of their own.
        if (settings.ApiKey is { } key && key.StartsWith("sk-ant-oat", StringComparison.Ordinal))
            headers["Authorization"] = $"Bearer {key}";
        else if (settings.ApiKey is { } own)
            headers["x-api-key"] = own;

        return new WireRequest(Address.Of(settings.BaseUrl, "/v1/messages"), WireNodes.Bytes(body), losses.Names)
        {
            Headers = headers,
            Streams = call.Stream,
        };
    }
}
