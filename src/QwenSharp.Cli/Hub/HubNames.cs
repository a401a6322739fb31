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

    public static string Of(HubKind hub) => hub == HubKind.ModelScope ? "modelscope" : "huggingface";
}
