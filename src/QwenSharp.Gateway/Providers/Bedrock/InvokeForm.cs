using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Gateway.Providers.Anthropic;
using QwenSharp.Gateway.Providers.Errors;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Bedrock;

/// <summary>Claude's messages in Bedrock's envelope: the model stands in the path, and events are Base64 in Amazon's frames.</summary>
internal sealed class InvokeForm(ProviderSettings settings) : AnthropicForm(settings)
{
    protected override bool TakesAddresses => false;

    public override WireReader Events() => new AwsEventReader();

    public override ReplyReader Reader(ProviderCall call) => new Unwrapping(Settings, this);

    protected override WireRequest Envelope(ProviderCall call, JsonObject body, Losses losses)
    {
        body.Insert(0, VersionField, "bedrock-2023-05-31");
        return BedrockRequests.Write(Settings, call, call.Stream ? "invoke-with-response-stream" : "invoke", body, losses);
    }

    private sealed class Unwrapping(ProviderSettings settings, WireForm form) : MessageReplyReader(settings, form)
    {
        public override void Read(WireEvent read)
        {
            if (read.IsException)
                throw BedrockFailure.Of(Settings, Form, read);

            using JsonDocument frame = JsonDocument.Parse(read.Data);
            if (frame.RootElement.Text("bytes") is not { } wrapped)
                return;

            using JsonDocument inner = JsonDocument.Parse(Convert.FromBase64String(wrapped));
            Read(inner.RootElement);
        }
    }
}
