using System.Text.RegularExpressions;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Secrets;

/// <summary>
/// Takes secrets out of texts before a model sees them: keys of known forms, and the values that the project's <c>.env</c> files and the
/// environment give to names such as <c>API_KEY</c>.
/// </summary>
/// <param name="workspace">The project.</param>
/// <param name="environment">The environment: names and values; null for that of this process.</param>
public sealed partial class SecretMask(Workspace workspace, IReadOnlyDictionary<string, string>? environment = null)
{
    /// <summary>How what stands for a secret begins.</summary>
    public const string Mark = "[secret: ";

    private readonly EnvironmentSecrets _named = new(workspace, environment);

    /// <summary>A text with a mark in the place of each secret.</summary>
    public string Masked(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length == 0)
            return text;

        foreach ((string name, string value) in _named.Find())
            text = text.Replace(value, $"{Mark}{name}]", StringComparison.Ordinal);

        text = PrivateKeys().Replace(text, $"{Mark}private key]");
        text = Passwords().Replace(text, $"$1{Mark}password]@");
        return Keys().Replace(text, match => $"{Mark}{match.Groups.Values.Skip(1).First(group => group.Success).Name.Replace('_', ' ')}]");
    }

    [GeneratedRegex(@"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|\z)")]
    private static partial Regex PrivateKeys();

    [GeneratedRegex(@"(\b[a-z][a-z0-9+.-]*://[^\s:/@""']+:)(?!\$|\{|\[secret)[^\s/@""']{3,}@")]
    private static partial Regex Passwords();

    // Each group is what a key of the form is called.
    [GeneratedRegex(@"(?<![A-Za-z0-9])(?:
        (?<Anthropic_key>sk-ant-[A-Za-z0-9_-]{20,})
        |(?<OpenAI_key>sk-(?:proj-|svcacct-|or-v1-)?[A-Za-z0-9_-]{20,})
        |(?<GitHub_token>gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})
        |(?<GitLab_token>glpat-[A-Za-z0-9_-]{20,})
        |(?<AWS_key>(?:AKIA|ASIA)[A-Z0-9]{16})
        |(?<Google_key>AIza[A-Za-z0-9_-]{35})
        |(?<Slack_token>xox[abprs]-[A-Za-z0-9-]{10,})
        |(?<Stripe_key>[rs]k_(?:live|test)_[A-Za-z0-9]{16,})
        |(?<npm_token>npm_[A-Za-z0-9]{36})
        |(?<Hugging_Face_token>hf_[A-Za-z0-9]{30,})
        |(?<SendGrid_key>SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})
        |(?<JSON_web_token>eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})
        )(?![A-Za-z0-9])", RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Keys();
}
