using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace QwenSharp.Cli.Config;

/// <summary>The keys of one mapping of a configuration. What is wrong with one is told with its line.</summary>
internal sealed class YamlKeys
{
    private readonly string _path;
    private readonly List<ConfigProblem> _problems;
    private readonly Dictionary<string, YamlNode> _values = new(StringComparer.Ordinal);

    /// <param name="path">The file.</param>
    /// <param name="map">The mapping.</param>
    /// <param name="known">The keys that it may have.</param>
    /// <param name="problems">Hears what is wrong.</param>
    public YamlKeys(string path, YamlMappingNode map, IReadOnlyList<string> known, List<ConfigProblem> problems)
    {
        (_path, _problems, Map) = (path, problems, map);
        foreach ((YamlNode key, YamlNode value) in map.Children)
        {
            if (key is not YamlScalarNode { Value: { } name })
                Fault(key, "A key must be a text.");
            else if (known.Contains(name))
                _values[name] = value;
            else
                Fault(key, $"'{name}' is no key here.{Spelling.Hint(name, known)}");
        }
    }

    /// <summary>The mapping itself.</summary>
    public YamlMappingNode Map { get; }

    /// <summary>A key's value as it stands; null where it is not given.</summary>
    public YamlNode? Node(string key) => _values.GetValueOrDefault(key);

    /// <summary>Where a key stands, or the mapping where it is not given.</summary>
    public YamlNode At(string key) => Node(key) ?? Map;

    /// <summary>A text; null where it is not given.</summary>
    public string? Text(string key)
    {
        if (Node(key) is not { } node)
            return null;
        if (node is YamlScalarNode { Value: { Length: > 0 } text })
            return text;

        Fault(node, $"{key} must be a text.");
        return null;
    }

    /// <summary>Several texts, as a list or one alone; none where they are not given.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        switch (Node(key))
        {
            case null:
                return [];
            case YamlScalarNode { Value: { Length: > 0 } only }:
                return [only];
            case YamlSequenceNode list when list.Children.All(item => item is YamlScalarNode { Value.Length: > 0 }):
                return [.. list.Children.Select(item => ((YamlScalarNode)item).Value!)];
            case { } other:
                Fault(other, $"{key} must be a list of texts.");
                return [];
        }
    }

    /// <summary>Texts by name; none where they are not given.</summary>
    public IReadOnlyDictionary<string, string> Named(string key)
    {
        switch (Node(key))
        {
            case null:
                return new Dictionary<string, string>();
            case YamlMappingNode map when map.Children.All(pair => pair is { Key: YamlScalarNode, Value: YamlScalarNode }):
                return map.Children.ToDictionary(
                    pair => ((YamlScalarNode)pair.Key).Value!, pair => ((YamlScalarNode)pair.Value).Value ?? "");
            case { } other:
                Fault(other, $"{key} must be texts by name, such as 'x-team: red'.");
                return new Dictionary<string, string>();
        }
    }

    /// <summary>A number within bounds; null where it is not given.</summary>
    public double? Number(string key, double least, double most) =>
        Node(key) is { } node ? Number(key, node, least, most) : null;

    /// <summary>The number that a value is; null, and said, where it is none.</summary>
    public double? Number(string name, YamlNode node, double least, double most)
    {
        if (node is YamlScalarNode { Value: { } text }
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && number >= least
            && number <= most)
        {
            return number;
        }

        Fault(node, string.Create(CultureInfo.InvariantCulture, $"{name} must be a number from {least} to {most}."));
        return null;
    }

    /// <summary>Says that something is wrong.</summary>
    public void Fault(YamlNode at, string says) => _problems.Add(new ConfigProblem(_path, at.Start.Line, says));
}
