using QwenSharp.Gateway.Configuration;
using YamlDotNet.RepresentationModel;

namespace QwenSharp.Cli.Config;

/// <summary>The <c>providers</c> and the <c>routes</c> of a configuration.</summary>
internal sealed class GatewayEntries
{
    /// <summary>The key of the providers.</summary>
    public const string ProvidersKey = "providers";

    /// <summary>The key of the routes.</summary>
    public const string RoutesKey = "routes";

    private readonly List<ProviderEntry> _providers = [];
    private readonly List<RouteEntry> _routes = [];

    /// <summary>Whether there are none of either.</summary>
    public bool IsEmpty => _providers.Count == 0 && _routes.Count == 0;

    /// <summary>Reads both.</summary>
    /// <param name="path">The configuration.</param>
    /// <param name="providers">The value of the one key; null where it is not given.</param>
    /// <param name="routes">The value of the other.</param>
    /// <param name="problems">Hears what is wrong.</param>
    public static GatewayEntries Read(string path, YamlNode? providers, YamlNode? routes, List<ConfigProblem> problems)
    {
        GatewayEntries read = new();
        List<string> names = [];
        foreach ((string name, YamlNode at, YamlNode value) in Named(path, ProvidersKey, providers, problems))
        {
            names.Add(name);
            if (name == RouteTarget.Local || name.Contains('/', StringComparison.Ordinal))
            {
                problems.Add(new ConfigProblem(
                    path, at.Start.Line, $"A provider may not be named '{name}': 'local' is this server, and '/' ends a provider's name."));
            }
            else if (value is not YamlMappingNode map)
            {
                problems.Add(new ConfigProblem(path, value.Start.Line, "A provider is keys with values, 'kind' among them."));
            }
            else if (ProviderEntry.Read(path, name, map, problems) is { } provider)
            {
                read._providers.Add(provider);
            }
        }

        foreach ((string name, _, YamlNode value) in Named(path, RoutesKey, routes, problems))
        {
            if (RouteEntry.Read(path, name, value, names, problems) is { } route)
                read._routes.Add(route);
        }

        return read;
    }

    /// <summary>What they configure, with the secrets of the providers.</summary>
    /// <exception cref="UsageException">A secret is not where the configuration says.</exception>
    public GatewaySettings Open() => new()
    {
        Providers = [.. _providers.Select(provider => provider.Open())],
        Routes = [.. _routes.Select(route => route.Settings)],
    };

    /// <summary>What each name does, a line each.</summary>
    public IEnumerable<string> Describe() =>
    [
        .. _providers.Select(provider => $"{provider.Name}/MODEL: {provider.Describe()}"),
        .. _routes.Select(route => $"{route.Settings.Name}: {route.Describe(_providers)}"),
    ];

    private static IEnumerable<(string Name, YamlNode At, YamlNode Value)> Named(
        string path, string key, YamlNode? node, List<ConfigProblem> problems)
    {
        if (node is null)
            yield break;

        if (node is not YamlMappingNode map)
        {
            problems.Add(new ConfigProblem(path, node.Start.Line, $"{key} must be names with what each is."));
            yield break;
        }

        foreach ((YamlNode name, YamlNode value) in map.Children)
        {
            if (name is YamlScalarNode { Value: { Length: > 0 } text })
                yield return (text, name, value);
            else
                problems.Add(new ConfigProblem(path, name.Start.Line, "A name must be a text."));
        }
    }
}
