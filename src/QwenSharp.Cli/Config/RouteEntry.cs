using System.Globalization;
using QwenSharp.Gateway.Configuration;
using QwenSharp.Gateway.Providers;
using YamlDotNet.RepresentationModel;

namespace QwenSharp.Cli.Config;

/// <summary>One of the <c>routes</c> of a configuration: a list of targets, or a mapping with more.</summary>
/// <param name="Settings">What it says.</param>
internal sealed record RouteEntry(RouteSettings Settings)
{
    private const string TargetsKey = "targets", WeightsKey = "weights", LossesKey = "losses";
    private const int MostRetries = 10, LongestSeconds = 86400;
    private const double MostWeight = 1e6;

    /// <summary>The keys that a route may have.</summary>
    public static IReadOnlyList<string> Keys { get; } = [TargetsKey, WeightsKey, "data_class", LossesKey, "retries", "deadline"];

    /// <summary>Reads one; null where something is wrong with it.</summary>
    /// <param name="path">The configuration.</param>
    /// <param name="name">The route's name.</param>
    /// <param name="value">What it is.</param>
    /// <param name="providers">The names of the providers.</param>
    /// <param name="problems">Hears what is wrong.</param>
    public static RouteEntry? Read(
        string path, string name, YamlNode value, IReadOnlyList<string> providers, List<ConfigProblem> problems)
    {
        int before = problems.Count;
        YamlMappingNode map = value as YamlMappingNode ?? new YamlMappingNode { { TargetsKey, value } };
        YamlKeys keys = new(path, map, Keys, problems);
        Targets targets = new(keys, value, providers);
        RouteSettings route = new(name, targets.Read())
        {
            IsWeighted = keys.Node(WeightsKey) is not null,
            DataClass = keys.Text("data_class"),
            Losses = ReadLosses(keys),
            Deadline = keys.Number("deadline", 0.001, LongestSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
        route = route with { Retries = (int)(keys.Number("retries", 0, MostRetries) ?? route.Retries) };
        return problems.Count == before ? new RouteEntry(route) : null;
    }

    /// <summary>What it does, for who checks the configuration.</summary>
    /// <param name="providers">The providers.</param>
    public string Describe(IReadOnlyList<ProviderEntry> providers)
    {
        double all = Settings.Targets.Sum(target => target.Weight);
        IEnumerable<string> targets = Settings.Targets.Select(target =>
        {
            string share = Settings.IsWeighted
                ? string.Create(CultureInfo.InvariantCulture, $"{target.Weight / all:0.##} of the requests first to ")
                : "";
            bool mayNot = Settings.DataClass is { } data && !target.IsLocal
                && !providers.First(provider => provider.Name == target.Provider).Admits(data);
            return $"{share}{target}{(mayNot ? $" (never: it may not be sent data of the class {Settings.DataClass})" : "")}";
        });
        string more = Settings.DataClass is { } kind ? $"; data of the class {kind}" : "";
        more += Settings.Deadline is { } time
            ? string.Create(CultureInfo.InvariantCulture, $"; {time.TotalSeconds:0.###} s at most")
            : "";
        more += Settings.Losses == LossPolicy.Refuse ? "; what a target cannot carry is refused" : "";
        return string.Join(Settings.IsWeighted ? ", " : ", else ", targets) + more;
    }

    private static LossPolicy ReadLosses(YamlKeys keys)
    {
        string? word = keys.Text(LossesKey);
        if (word is not (null or "declare" or "refuse"))
            keys.Fault(keys.At(LossesKey), $"losses must be declare or refuse, not '{word}'.{Spelling.Hint(word, ["declare", "refuse"])}");

        return word == "refuse" ? LossPolicy.Refuse : LossPolicy.Declare;
    }

    /// <summary>The targets of a route.</summary>
    private sealed class Targets(YamlKeys keys, YamlNode route, IReadOnlyList<string> providers)
    {
        public IReadOnlyList<RouteTarget> Read()
        {
            (YamlNode? list, YamlNode? weights) = (keys.Node(TargetsKey), keys.Node(WeightsKey));
            if (list is not null && weights is not null)
            {
                keys.Fault(weights, $"{TargetsKey} and {WeightsKey} both say who answers. Give one of them.");
                return [];
            }

            List<RouteTarget?> targets = (list, weights) switch
            {
                (YamlSequenceNode { Children.Count: > 0 } several, _) => [.. several.Children.Select(One)],
                (YamlScalarNode, _) => [One(list)],
                (_, YamlMappingNode { Children.Count: > 0 } drawn) => [.. drawn.Children.Select(pair => Weighed(pair.Key, pair.Value))],
                _ => None(),
            };
            return [.. targets.OfType<RouteTarget>()];
        }

        private List<RouteTarget?> None()
        {
            keys.Fault(
                route,
                $"A route needs its targets: a list such as [local/qwen3-4b, acme/claude-haiku], as '{TargetsKey}' beside other keys, or "
                    + $"'{WeightsKey}' with a number for each.");
            return [];
        }

        private RouteTarget? Weighed(YamlNode name, YamlNode weight) =>
            One(name) is { } target && keys.Number($"The weight of {target}", weight, 1e-6, MostWeight) is { } number
                ? target with { Weight = number }
                : null;

        private RouteTarget? One(YamlNode node)
        {
            string text = (node as YamlScalarNode)?.Value ?? "";
            if (RouteTarget.Parse(text) is not { } target)
            {
                keys.Fault(node, $"A target is PROVIDER/MODEL, or local/MODEL for a model of this server, not '{text}'.");
                return null;
            }

            if (target.IsLocal || providers.Contains(target.Provider))
                return target;

            keys.Fault(
                node,
                $"There is no provider '{target.Provider}'.{Spelling.Hint(target.Provider, providers.Append(RouteTarget.Local))}");
            return null;
        }
    }
}
