using QwenSharp.Hub;

namespace QwenSharp.Cli.Hub;

/// <summary>How hubs are called on the command line and in JSON.</summary>
internal static class HubNames
{
    /// <summary>The model that an argument names.</summary>
    /// <exception cref="UsageException">It names none, or several.</exception>
    public static ModelReference Parse(string text, HubOptions options)
    {
        try
        {
            return ModelReference.Parse(text, options);
        }
        catch (HubException none)
        {
            throw new UsageException(CommandTree.Said(none) + Spelling.Hint(text, ModelNames.All.Keys));
        }
    }

    /// <summary>The host that a model would be pulled from.</summary>
    public static string HostOf(ModelReference model, HubOptions options) =>
        (model.Hub == HubKind.ModelScope ? options.ModelScopeEndpoint : options.HuggingFaceEndpoint).Authority;

    public static string Of(HubKind hub) => hub == HubKind.ModelScope ? "modelscope" : "huggingface";
}
