namespace QwenSharp.Hub;

/// <summary>The hubs that models are pulled from.</summary>
public enum HubKind
{
    /// <summary>huggingface.co and its mirrors.</summary>
    HuggingFace,

    /// <summary>modelscope.cn.</summary>
    ModelScope,
}
