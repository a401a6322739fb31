using QwenSharp.Gateway.Providers.Errors;

namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>How a kind of provider is asked and how it answers.</summary>
internal abstract class WireForm
{
    /// <summary>A call in this form.</summary>
    public abstract WireRequest Write(ProviderCall call);

    /// <summary>Reads the answer to one call.</summary>
    public abstract ReplyReader Reader(ProviderCall call);

    /// <summary>Cuts a stream into events.</summary>
    public virtual WireReader Events() => new SseReader();

    /// <summary>Words of a refusal that mean something else here than elsewhere; null where they do not.</summary>
    public virtual ProviderErrorKind? Classify(ErrorBody body) => null;
}
