using System.Text.RegularExpressions;

namespace QwenSharp.Architecture.Tests;

/// <summary>docs/api.md has every endpoint and every field that a dialect's code knows, and no other.</summary>
public partial class ApiTableTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "api.md"));

    [Theory]
    [InlineData("Anthropic")]
    [InlineData("Ollama")]
    public void Every_field_is_in_the_table(string dialect)
    {
        HashSet<string> read =
            [.. Code("QwenSharp.Protocols", dialect).SelectMany(code => Fields().Matches(code)).Select(field => field.Groups[1].Value)];
        List<string> rows = [.. Rows($"### {dialect}: fields")];

        Assert.NotEmpty(read);
        Assert.Empty(read.Except(rows.SelectMany(Quoted).Select(Last)));
        Assert.Empty(rows.SelectMany(row => Quoted(row.Split('|')[1])).Select(Last).Except(read));
    }

    [Theory]
    [InlineData("Anthropic")]
    [InlineData("Ollama")]
    public void Every_endpoint_is_in_the_table(string dialect) => Assert.Equal(
        [.. Code("QwenSharp.Server", dialect).SelectMany(code => Routes().Matches(code)).Select(route => route.Groups[1].Value.TrimEnd('/'))
            .Distinct().Order(StringComparer.Ordinal)],
        Rows($"### {dialect}: endpoints").Select(row => Quoted(row).First().Split(' ')[1].Split('{')[0].TrimEnd('/'))
            .Distinct().Order(StringComparer.Ordinal));

    private static IEnumerable<string> Code(string room, string dialect) =>
        Repository.Sources(Path.Combine(Repository.Folder(room), dialect)).Select(File.ReadAllText);

    private static IEnumerable<string> Rows(string heading) => Text
        .Split('\n')
        .SkipWhile(line => line != heading)
        .Skip(1)
        .TakeWhile(line => !line.StartsWith('#'))
        .Where(line => line.StartsWith('|'))
        .Skip(2);

    private static IEnumerable<string> Quoted(string row) => Ticks().Matches(row).Select(word => word.Groups[1].Value);

    private static string Last(string path) => path.Split('.', '…', ']')[^1];

    [GeneratedRegex(@"\b(?:Take|Require|Refuse)\(\s*""([a-z0-9_]+)""")]
    private static partial Regex Fields();

    [GeneratedRegex(@"\bMap\w+\(\$?""(/[^""{]*)")]
    private static partial Regex Routes();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Ticks();
}
