using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Bedrock;

/// <summary>
/// Amazon Bedrock. Claude is asked in its own form, which carries more; other models, and profiles whose name does not tell, in the form
/// that Bedrock has for all.
/// </summary>
internal sealed class BedrockForm(ProviderSettings settings) : WireForm
{
    private readonly InvokeForm _invoke = new(settings);
    private readonly ConverseForm _converse = new(settings);

    public override WireRequest Write(ProviderCall call) => Form(call).Write(call);

    public override ReplyReader Reader(ProviderCall call) => Form(call).Reader(call);

    public override WireReader Events() => new AwsEventReader();

    private WireForm Form(ProviderCall call) => call.Model.Contains("anthropic.", StringComparison.Ordinal) ? _invoke : _converse;
}
