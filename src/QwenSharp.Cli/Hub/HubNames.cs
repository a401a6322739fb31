using QwenSharp.Hub;

namespace QwenSharp.Cli.Hub;

/// <summary>How hubs are called on the command line and in JSON.</summary>
internal static class HubNames
{
    public static string Of(HubKind hub) => hub == HubKind.ModelScope ? "modelscope" : "huggingface";
}
