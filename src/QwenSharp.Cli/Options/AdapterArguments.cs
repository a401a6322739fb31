using System.CommandLine;
using System.CommandLine.Parsing;
using QwenSharp.Cli.Training;
using QwenSharp.Models;

namespace QwenSharp.Cli.Options;

/// <summary>Adapters on the command line: <c>--adapter</c>.</summary>
internal static class AdapterArguments
{
    /// <summary>What the path of an adapter may be.</summary>
    public const string Kinds =
        "the folder of a finetune run, a PEFT folder (adapter_config.json and adapter_model.safetensors) or a GGUF file";

    /// <summary>One adapter, for all that the command computes.</summary>
    public static Option<string?> One()
    {
        Option<string?> adapter = new("--adapter") { Description = $"A LoRA adapter beside the model: {Kinds}.", HelpName = "PATH" };
        Values.Check(adapter, path => path != "", "may not be empty");
        return adapter;
    }

    /// <summary>
    /// The adapter of <see cref="One"/>: the name by which requests choose it, null where none is given, and its path by that name.
    /// </summary>
    public static (string? Name, IReadOnlyDictionary<string, string> Paths) Read(ParseResult parsed, Option<string?> adapter)
    {
        Dictionary<string, string> paths = [];
        if (parsed.GetValue(adapter) is not { } path)
            return (null, paths);

        string name = $"adapter {AdapterFile.NameOf(path)}";
        paths.Add(name, InRun(path));
        return (name, paths);
    }

    /// <summary>Adapters by name.</summary>
    public static Option<string[]> Named()
    {
        Option<string[]> adapters = new("--adapter")
        {
            Description =
                $"A LoRA adapter beside the model: {Kinds}; repeat for several. Requests choose it by NAME in place of the model's.",
            HelpName = "NAME=PATH",
        };
        adapters.Validators.Add(result =>
        {
            HashSet<string> names = [];
            foreach (Token token in result.Tokens)
            {
                (string name, string path) = Split(token.Value);
                if (name == "" || path == "")
                    result.AddError($"--adapter wants NAME=PATH, not '{token.Value}'.");
                else if (!names.Add(name))
                    result.AddError($"--adapter names two adapters '{name}'.");
            }
        });
        return adapters;
    }

    /// <summary>The adapters of <see cref="Named"/>: paths by names.</summary>
    public static IReadOnlyDictionary<string, string> Read(ParseResult parsed, Option<string[]> adapters) =>
        (parsed.GetValue(adapters) ?? []).Select(Split).ToDictionary(adapter => adapter.Name, adapter => InRun(adapter.Path));

    /// <summary>The adapter of a run of <c>finetune</c> where a path is the run's folder; otherwise the path itself.</summary>
    public static string InRun(string path)
    {
        if (!Directory.Exists(path) || File.Exists(Path.Combine(path, "adapter_config.json")))
            return path;

        string folder = Path.Combine(path, TrainingRun.AdapterName), file = Path.Combine(path, TrainingRun.AdapterFileName);
        return Directory.Exists(folder) ? folder : File.Exists(file) ? file : path;
    }


    private static (string Name, string Path) Split(string text) =>
        text.IndexOf('=', StringComparison.Ordinal) is >= 0 and var sign ? (text[..sign], text[(sign + 1)..]) : ("", text);
}
