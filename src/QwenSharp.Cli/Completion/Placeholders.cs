using QwenSharp.Cli.Hub;
using QwenSharp.Hub;
using QwenSharp.Models;

namespace QwenSharp.Cli.Completion;

/// <summary>What the words mean that stand for a value in help: MODEL, FILE, TYPE, …</summary>
internal static class Placeholders
{
    private static readonly string[] Paths =
        ["MODEL", "FILE", "FOLDER", "PATH", "IN", "OUT", "DATA", "CONFIG", "ADAPTER", "TEXTFILE", "FILE.gguf"];

    /// <summary>Whether a path may stand for it. Parts are separated as in IDS|FILE and NAME=PATH.</summary>
    public static bool AreFiles(string placeholder) => Parts(placeholder).Any(Paths.Contains);

    /// <summary>The words that may stand for it, beside what its option or argument knows itself.</summary>
    public static IEnumerable<string> Words(string placeholder) => Parts(placeholder).SelectMany(part => part switch
    {
        "MODEL" => Models(),
        "TYPE" => WeightMix.All.Select(mix => mix.Name),
        _ => [],
    });

    /// <summary>The names of the models on this machine.</summary>
    public static IEnumerable<string> Models()
    {
        try
        {
            return [BoxModel.Name, .. new ModelCache().List().Where(model => model.IsComplete).Select(model => model.Name)];
        }
        catch (Exception fault) when (fault is HubException or IOException or UnauthorizedAccessException)
        {
            // Nobody asked for the cache: what is wrong with it is told when somebody does.
            return [BoxModel.Name];
        }
    }

    private static string[] Parts(string placeholder) => placeholder.Split('|', '=', ',');
}
