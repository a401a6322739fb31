using System.CommandLine;
using System.CommandLine.Parsing;
using QwenSharp.Hub;
using QwenSharp.Server;

namespace QwenSharp.Cli.Options;

/// <summary>What a server may load when it is asked for, by which names, and for how long.</summary>
internal sealed class LibraryArguments
{
    private readonly Option<string?> _folder = new("--models-folder")
    {
        Description = "A folder of GGUF files and Hugging Face folders: each is loaded when a request names it. Pulled models are too.",
        HelpName = "FOLDER",
    };

    private readonly Option<string[]> _aliases = new("--alias")
    {
        Description =
            "A further name of a model, for clients that insist on theirs; a * at its end stands for all names that begin so; repeat for "
                + "several.",
        HelpName = "NAME=MODEL",
    };

    private readonly Option<double> _keepAlive = Values.Number(
        "--keep-alive",
        -1d,
        1e6,
        "Minutes that a model stays which was loaded when a request named it and which nobody uses; -1 for ever.",
        5d);

    private readonly StatePlace _state = new();

    public LibraryArguments()
    {
        Values.Check(_folder, path => path is null || Directory.Exists(path), "must be a folder that is there");
        Values.Check(_keepAlive, minutes => minutes is -1 or >= 0, "must be -1 or a number of at least 0");
        _aliases.Validators.Add(result =>
        {
            HashSet<string> names = [];
            foreach (Token token in result.Tokens)
            {
                (string name, string model) = Split(token.Value);
                if (name == "" || model == "")
                    result.AddError($"--alias wants NAME=MODEL, not '{token.Value}'.");
                else if (name.IndexOf('*', StringComparison.Ordinal) is >= 0 and var star && star < name.Length - 1)
                    result.AddError($"--alias takes a * at the end of a name alone, not '{name}'.");
                else if (!names.Add(name))
                    result.AddError($"--alias names two models '{name}'.");
            }
        });
    }

    public void AddTo(Command command)
    {
        command.Add(_folder);
        command.Add(_aliases);
        command.Add(_keepAlive);
        _state.AddTo(command);
    }

    /// <summary>The models that may be loaded, with options for all.</summary>
    public ModelLibraryOptions Read(ParseResult parsed, QwenModelOptions options) => new()
    {
        Folder = parsed.GetValue(_folder),
        Hub = HubOptions.FromEnvironment(),
        StateFolder = _state.Folder(parsed),
        Options = options,
    };

    /// <summary>Where the server keeps what outlives it.</summary>
    public string State(ParseResult parsed) => _state.Read(parsed);

    /// <summary>Models by alias.</summary>
    public IReadOnlyDictionary<string, string> Aliases(ParseResult parsed) =>
        (parsed.GetValue(_aliases) ?? []).Select(Split).ToDictionary(alias => alias.Name, alias => alias.Model);

    /// <summary>How long a model stays that nobody uses.</summary>
    public TimeSpan KeepAlive(ParseResult parsed) =>
        parsed.GetValue(_keepAlive) is >= 0 and var minutes ? TimeSpan.FromMinutes(minutes) : Timeout.InfiniteTimeSpan;

    private static (string Name, string Model) Split(string text) =>
        text.IndexOf('=', StringComparison.Ordinal) is >= 0 and var sign ? (text[..sign], text[(sign + 1)..]) : ("", text);
}
