using System.Collections;
using System.Text.RegularExpressions;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Secrets;

/// <summary>The values of secrets that have names: in the project's <c>.env</c> files and in the environment.</summary>
/// <param name="workspace">The project.</param>
/// <param name="environment">The environment; null for that of this process.</param>
internal sealed partial class EnvironmentSecrets(Workspace workspace, IReadOnlyDictionary<string, string>? environment)
{
    // Shorter ones are words of any text.
    private const int FewestCharacters = 8;

    private readonly IReadOnlyDictionary<string, string> _environment = environment ?? Environment
        .GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");

    /// <summary>Names and values, the longest first: one may be a part of another.</summary>
    public IReadOnlyList<(string Name, string Value)> Find() =>
        [.. _environment.Select(one => (Name: one.Key, one.Value))
            .Concat(InFiles())
            .Where(one => one.Value.Length >= FewestCharacters && SecretName().IsMatch(one.Name))
            .OrderByDescending(one => one.Value.Length)];

    private IEnumerable<(string Name, string Value)> InFiles()
    {
        try
        {
            // What shows others which names there are has no values.
            return [.. Directory.EnumerateFiles(workspace.Root, ".env*")
                .Where(file => !Path.GetFileName(file).Contains("example", StringComparison.OrdinalIgnoreCase))
                .SelectMany(File.ReadLines)
                .Select(line => Assignment().Match(line))
                .Where(match => match.Success)
                .Select(match => (match.Groups["name"].Value, match.Groups["value"].Value.Trim().Trim('"', '\'')))];
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    [GeneratedRegex(
        @"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|PRIVATE|AUTH|DSN)S?$|_(KEY|TOKEN|SECRET|PASS|PWD)_|DATABASE_URL",
        RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    [GeneratedRegex(@"^\s*(export\s+)?(?<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?<value>""[^""]*""|'[^']*'|[^#\r\n]*)")]
    private static partial Regex Assignment();
}
