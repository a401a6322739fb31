using System.CommandLine;
using System.CommandLine.Parsing;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace QwenSharp.Cli.Config;

/// <summary>
/// The configuration file of <c>serve</c>. Its keys are the command's options without their dashes, so that what one takes the other does;
/// <c>models</c> is a list, and each of its models may have settings of its own; <c>providers</c> and <c>routes</c> say who answers
/// elsewhere. What is on the command line comes first.
/// </summary>
internal sealed class ServeFile
{
    /// <summary>The key of the models.</summary>
    public const string ModelsKey = "models";

    private const string ModelKey = "model", NameKey = "name", Negation = "no-";

    // What no option says.
    private static readonly string[] Further =
        [ModelsKey, ListenAddress.Key, GatewayEntries.ProvidersKey, GatewayEntries.RoutesKey];

    // What the file says in another form, or cannot say.
    private static readonly string[] NotInFile = ["model", "adapter", "config", "help", "version"];

    private static readonly string[] OfModel =
        ["adapter", "context", "kv", "kv-memory", "state-memory", "prefix-cache", "max-running", "max-waiting"];

    private readonly string _path;
    private readonly Command _serve;
    private readonly List<Setting> _settings = [];
    private readonly List<ModelSettings> _models = [];
    private readonly List<ConfigProblem> _problems = [];
    private GatewayEntries _gateway = new();

    // An option's value by itself: what options want of each other is asked of the whole.
    private readonly Command _single;

    private ServeFile(string path, Command serve)
    {
        (_path, _serve, _single) = (path, serve, new Command(serve.Name));
        foreach (Option option in serve.Options)
            _single.Add(option);
    }

    /// <summary>What is wrong with the file, from its beginning to its end.</summary>
    public IReadOnlyList<ConfigProblem> Problems => [.. _problems.OrderBy(problem => problem.Line)];

    /// <summary>The models that it names.</summary>
    public IReadOnlyList<ModelSettings> Models => _models;

    /// <summary>Who answers elsewhere, and the routes.</summary>
    public GatewayEntries Gateway => _gateway;

    /// <summary>The keys that a file may have.</summary>
    public static IReadOnlyList<string> Keys(Command serve) => [.. Options(serve).Keys.Concat(Further).Order(StringComparer.Ordinal)];

    /// <summary>The keys that one of its models may have.</summary>
    public static IReadOnlyList<string> KeysOfModel => [ModelKey, NameKey, .. OfModel];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="serve">The command whose options it may set.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ServeFile Read(string path, Command serve)
    {
        ServeFile file = new(path, serve);
        try
        {
            using StreamReader text = new(path);
            YamlStream yaml = [];
            yaml.Load(text);
            if (yaml.Documents.Count > 1)
                file.Fault(yaml.Documents[1].RootNode, "A second document begins here; a configuration is one.");
            if (yaml.Documents.Count > 0)
                file.ReadRoot(yaml.Documents[0].RootNode);
        }
        catch (YamlException wrong)
        {
            file._problems.Add(new ConfigProblem(path, wrong.Start.Line, $"This is no YAML: {wrong.Message}"));
        }

        return file;
    }

    /// <summary>A command line with the file's settings behind it, where it does not have them itself.</summary>
    public ParseResult Merge(ParseResult given) => Parse([.. Arguments(given), .. Rest(_settings, given, [])]);

    /// <summary>The same for one of the file's models, whose own settings come before the file's.</summary>
    public ParseResult Merge(ParseResult given, ModelSettings model) =>
        Parse([.. Arguments(given), .. Rest(model.Settings, given, []), .. Rest(_settings, given, model.Settings)]);

    private static IEnumerable<string> Rest(IEnumerable<Setting> settings, ParseResult given, IReadOnlyList<Setting> before) => settings
        .Where(setting => !IsGiven(given, setting.Option) && !before.Any(other => other.Option == setting.Option))
        .SelectMany(setting => setting.Values.Select(value => $"{setting.Option.Name}={value}"));

    private static IEnumerable<string> Arguments(ParseResult given) => given.CommandResult.Command.Options
        .Where(option => IsGiven(given, option))
        .SelectMany(option => given.GetResult(option)!.Tokens is { Count: > 0 } tokens
            ? tokens.Select(token => $"{option.Name}={token.Value}")
            : [option.Name]);

    private static bool IsGiven(ParseResult given, Option option) => given.GetResult(option) is OptionResult { Implicit: false };

    /// <summary>The options by the keys of a file; one that says what is not done has the key of what is.</summary>
    private static Dictionary<string, Option> Options(Command serve) => serve.Options
        .Where(option => !NotInFile.Contains(option.Name.TrimStart('-')))
        .ToDictionary(option => Negates(option) ? option.Name[(2 + Negation.Length)..] : option.Name[2..]);

    private static bool Negates(Option option) => option.Name.StartsWith("--" + Negation, StringComparison.Ordinal);

    private ParseResult Parse(IReadOnlyList<string> arguments) => _serve.Parse(arguments, CommandTree.Parsing);

    private void ReadRoot(YamlNode root)
    {
        if (root is not YamlMappingNode map)
        {
            Fault(root, "A configuration is keys with values, such as 'port: 8080'.");
            return;
        }

        Dictionary<string, Option> known = Options(_serve);
        Dictionary<string, YamlNode> gateway = [];
        foreach ((string key, YamlNode at, YamlNode value) in Entries(map))
        {
            if (key == ModelsKey)
                ReadModels(value);
            else if (key == ListenAddress.Key)
                ReadListen(map, value, known);
            else if (Further.Contains(key))
                gateway[key] = value;
            else if (known.TryGetValue(key, out Option? option))
                ReadSetting(key, option, value, _settings);
            else
                Unknown(at, key, known.Keys.Concat(Further));
        }

        _gateway = GatewayEntries.Read(
            _path,
            gateway.GetValueOrDefault(GatewayEntries.ProvidersKey),
            gateway.GetValueOrDefault(GatewayEntries.RoutesKey),
            _problems);
    }

    private void ReadListen(YamlMappingNode map, YamlNode value, Dictionary<string, Option> known)
    {
        if (Entries(map).FirstOrDefault(entry => entry.Key is "host" or "port") is { Key: { } other, At: var at })
            Fault(at, $"'{ListenAddress.Key}' has the address and the port; '{other}' is one of them. Give one form.");
        else if (ListenAddress.Parse((value as YamlScalarNode)?.Value) is { } listen)
            _settings.AddRange([new Setting(known["host"], [listen.Host]), new Setting(known["port"], [listen.Port])]);
        else
            Fault(value, $"{ListenAddress.Key} must be an address and a port, such as 127.0.0.1:8080.");
    }

    private void ReadModels(YamlNode value)
    {
        if (value is not YamlSequenceNode { Children.Count: > 0 } list)
        {
            Fault(value, $"{ModelsKey} must be a list of models.");
            return;
        }

        foreach (YamlNode item in list.Children)
        {
            if (item is YamlScalarNode { Value: { Length: > 0 } path })
                _models.Add(new ModelSettings(path, null, item.Start.Line, []));
            else if (item is YamlMappingNode map)
                ReadModel(map);
            else
                Fault(item, "A model is its path or name, or keys with values, 'model' among them.");
        }
    }

    private void ReadModel(YamlMappingNode map)
    {
        Dictionary<string, Option> known = Options(_serve);
        known["adapter"] = _serve.Options.Single(option => option.Name == "--adapter");
        string? path = null, name = null;
        List<Setting> settings = [];
        foreach ((string key, YamlNode at, YamlNode value) in Entries(map))
        {
            if (key is ModelKey or NameKey)
            {
                string? text = (value as YamlScalarNode)?.Value;
                if (string.IsNullOrEmpty(text))
                    Fault(value, $"{key} must be a text.");

                (path, name) = key == ModelKey ? (text, name) : (path, text);
            }
            else if (OfModel.Contains(key))
            {
                ReadSetting(key, known[key], value, settings);
            }
            else
            {
                Unknown(at, key, KeysOfModel);
            }
        }

        if (path is null)
            Fault(map, "A model needs the key 'model': its path, or the name of a pulled one.");
        else
            _models.Add(new ModelSettings(path, name, map.Start.Line, settings));
    }

    private void ReadSetting(string key, Option option, YamlNode node, List<Setting> settings)
    {
        if (ValuesOf(key, option, node) is not { } values)
            return;

        ParseResult alone = _single.Parse([.. values.Select(value => $"{option.Name}={value}")], CommandTree.Parsing);
        if (alone.Errors is [var wrong, ..])
            Fault(node, wrong.Message.Replace(option.Name, key, StringComparison.Ordinal));
        else
            settings.Add(new Setting(option, values));
    }

    private List<string>? ValuesOf(string key, Option option, YamlNode node)
    {
        bool isMany = option.Arity.MaximumNumberOfValues > 1;
        switch (node)
        {
            case YamlScalarNode { Value: "true" or "false" } flag when option.ValueType == typeof(bool):
                return [flag.Value == "true" != Negates(option) ? "true" : "false"];
            case YamlScalarNode when option.ValueType == typeof(bool):
                Fault(node, $"{key} must be true or false.");
                return null;
            case YamlScalarNode { Value: { Length: > 0 } value } scalar when value != "~" || scalar.Style != ScalarStyle.Plain:
                return [value];
            case YamlSequenceNode list when isMany && list.Children.All(item => item is YamlScalarNode):
                return [.. list.Children.Select(item => ((YamlScalarNode)item).Value ?? "")];
            case YamlMappingNode map when isMany && option.HelpName?.StartsWith("NAME=", StringComparison.Ordinal) == true
                && map.Children.Values.All(item => item is YamlScalarNode):
                return [.. Entries(map).Select(entry => $"{entry.Key}={((YamlScalarNode)entry.Value).Value}")];
            default:
                string form = isMany ? "a list of values" : "one value";
                Fault(node, node is YamlScalarNode ? $"{key} has no value." : $"{key} must be {form}.");
                return null;
        }
    }

    private IEnumerable<(string Key, YamlNode At, YamlNode Value)> Entries(YamlMappingNode map)
    {
        foreach ((YamlNode key, YamlNode value) in map.Children)
        {
            if (key is YamlScalarNode { Value: { } name })
                yield return (name, key, value);
            else
                Fault(key, "A key must be a text.");
        }
    }

    private void Unknown(YamlNode at, string key, IEnumerable<string> known) => Fault(
        at,
        key is "model" or "adapter"
            ? $"'{key}' is a key of one of the '{ModelsKey}'."
            : $"'{key}' is no key here.{Spelling.Hint(key, known)}");

    private void Fault(YamlNode at, string says) => _problems.Add(new ConfigProblem(_path, at.Start.Line, says));

    /// <summary>An option and the values that the file gives it.</summary>
    internal sealed record Setting(Option Option, IReadOnlyList<string> Values);

    /// <summary>One of the file's models.</summary>
    /// <param name="Path">Its path, or the name of a pulled one.</param>
    /// <param name="Name">The name by which requests choose it; null for the usual one.</param>
    /// <param name="Line">Where it stands, from 1.</param>
    /// <param name="Settings">Its own settings.</param>
    internal sealed record ModelSettings(string Path, string? Name, long Line, IReadOnlyList<Setting> Settings);
}

/// <summary>What is wrong with a configuration, and where.</summary>
/// <param name="Path">The file.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Says">What is wrong and what would be right.</param>
internal sealed record ConfigProblem(string Path, long Line, string Says)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Path}:{Line}: {Says}";
}
