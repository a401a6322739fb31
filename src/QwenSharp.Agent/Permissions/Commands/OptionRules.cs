using QwenSharp.Agent.Permissions.Shell;

namespace QwenSharp.Agent.Permissions.Commands;

/// <summary>Which options of a program are not harmless: they write, run something, or follow links.</summary>
/// <param name="letters">Single letters.</param>
/// <param name="names">Long names. Any beginning of one counts, as programs take unique beginnings.</param>
internal sealed class OptionRules(string letters, params string[] names)
{
    /// <summary>Of a program whose options are all harmless.</summary>
    public static OptionRules None { get; } = new("");

    /// <summary>Whether no argument is, or could turn out to be, one of them.</summary>
    public bool Allow(IEnumerable<ShellWord> arguments)
    {
        foreach (ShellWord word in arguments)
        {
            if (word.IsKnown && word.Text == "--")
                return true;

            if (!word.IsKnown && word.MayBeOption ? letters.Length + names.Length > 0 : word.Prefix.StartsWith('-') && IsBad(word.Prefix))
                return false;
        }

        return true;
    }

    private bool IsBad(string option)
    {
        if (!option.StartsWith("--", StringComparison.Ordinal))
            return option.AsSpan(1).IndexOfAny(letters) >= 0 || names.Contains(option[1..]);

        int equals = option.IndexOf('=');
        string name = equals < 0 ? option[2..] : option[2..equals];
        return name.Length > 0 && names.Any(bad => bad.StartsWith(name, StringComparison.Ordinal));
    }
}
